// The embedded cluster's storage in memory, for tests and simulations. It outlives the cluster: another one may be opened over it.
import type { LogFile, LogStorage } from './log-storage.ts'

export class MemoryStorage implements LogStorage {
  private readonly files = new Map<string, MemoryFile>()

  list(directory: string): string[] {
    const prefix = `${directory}/`
    const inside = [...this.files.keys()].filter((path) => path.startsWith(prefix))
    return [...new Set(inside.map((path) => path.slice(prefix.length).split('/', 1).join()))].sort()
  }

  open(path: string): LogFile {
    const existing = this.files.get(path)
    if (existing) return existing
    const file = new MemoryFile()
    this.files.set(path, file)
    return file
  }

  read(path: string): Buffer | undefined {
    const file = this.files.get(path)
    return file && Buffer.from(file.content())
  }

  replace(path: string, content: Buffer): void {
    const file = new MemoryFile()
    file.append(content)
    this.files.set(path, file)
  }

  rename(from: string, to: string): void {
    const file = this.files.get(from)
    if (!file) return
    this.files.delete(from)
    this.files.set(to, file)
  }

  remove(path: string): void {
    this.files.delete(path)
  }

  removeDirectory(path: string): void {
    for (const file of this.files.keys()) if (file.startsWith(`${path}/`)) this.files.delete(file)
  }

  close(): void {}
}

class MemoryFile implements LogFile {
  size = 0
  private bytes = Buffer.alloc(0)

  append(bytes: Buffer): void {
    const needed = this.size + bytes.length
    if (needed > this.bytes.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.bytes.length * 2, 4096))
      this.bytes.copy(grown, 0, 0, this.size)
      this.bytes = grown
    }
    bytes.copy(this.bytes, this.size)
    this.size = needed
  }

  read(position: number, target: Buffer, targetStart: number, length: number): number {
    return this.bytes.copy(target, targetStart, position, Math.min(position + length, this.size))
  }

  truncate(size: number): void {
    this.size = Math.min(this.size, size)
  }

  content(): Buffer {
    return this.bytes.subarray(0, this.size)
  }
}
