// A storage that remembers every change in order, so that a test can let the process die before, between and amid any of them.
import type { LogFile, LogStorage } from '../../../kafka/embedded/storage/log-storage.ts'
import { MemoryStorage } from '../../../kafka/embedded/storage/memory-storage.ts'

type Change = (target: LogStorage, part: number) => void

export class RecordingStorage implements LogStorage {
  private readonly inner = new MemoryStorage()
  private readonly recorded: Change[] = []

  get changes(): number {
    return this.recorded.length
  }

  /** What is on disk when the process dies after `changes` changes and `part` (0 to 1) of the bytes of the next. */
  crashedAfter(changes: number, part: number): LogStorage {
    const target = new MemoryStorage()
    for (const change of this.recorded.slice(0, changes)) change(target, 1)
    this.recorded[changes]?.(target, part)
    return target
  }

  list(directory: string): string[] {
    return this.inner.list(directory)
  }

  read(path: string): Buffer | undefined {
    return this.inner.read(path)
  }

  open(path: string): LogFile {
    this.recorded.push((target) => target.open(path))
    const file = this.inner.open(path)
    return {
      get size() {
        return file.size
      },
      read: (position, target, start, length) => file.read(position, target, start, length),
      append: (bytes) => {
        const copy = Buffer.from(bytes)
        this.recorded.push((target, part) => target.open(path).append(copy.subarray(0, Math.floor(copy.length * part))))
        file.append(bytes)
      },
      truncate: (size) => {
        this.recorded.push((target, part) => part === 1 && target.open(path).truncate(size))
        file.truncate(size)
      },
    }
  }

  replace(path: string, content: Buffer): void {
    const copy = Buffer.from(content)
    this.change((target) => target.replace(path, copy))
  }

  rename(from: string, to: string): void {
    this.change((target) => target.rename(from, to))
  }

  remove(path: string): void {
    this.change((target) => target.remove(path))
  }

  removeDirectory(path: string): void {
    this.change((target) => target.removeDirectory(path))
  }

  close(): void {}

  /** A change that the file system makes at once or not at all. */
  private change(apply: (target: LogStorage) => void): void {
    this.recorded.push((target, part) => part === 1 && apply(target))
    apply(this.inner)
  }
}
