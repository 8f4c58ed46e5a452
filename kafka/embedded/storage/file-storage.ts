// The embedded cluster's storage on disk: positional synchronous I/O, with a bounded number of files open at a time.
import {
  closeSync,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import type { LogFile, LogStorage } from './log-storage.ts'

const openFilesMax = 256

export class FileStorage implements LogStorage {
  private readonly root: string
  private readonly files = new OpenFiles()

  constructor(root: string) {
    this.root = root
    mkdirSync(root, { recursive: true })
  }

  list(directory: string): string[] {
    return whenPresent(() => readdirSync(join(this.root, directory)).sort()) ?? []
  }

  open(path: string): LogFile {
    return new DiskFile(this.files, join(this.root, path))
  }

  read(path: string): Buffer | undefined {
    return whenPresent(() => readFileSync(join(this.root, path)))
  }

  replace(path: string, content: Buffer): void {
    const target = join(this.root, path)
    mkdirSync(dirname(target), { recursive: true })
    writeFileSync(`${target}.new`, content)
    this.files.close(target)
    renameSync(`${target}.new`, target)
  }

  rename(from: string, to: string): void {
    const source = join(this.root, from)
    const target = join(this.root, to)
    this.files.close(source)
    this.files.close(target)
    renameSync(source, target)
  }

  remove(path: string): void {
    const target = join(this.root, path)
    this.files.close(target)
    rmSync(target, { force: true })
  }

  removeDirectory(path: string): void {
    const target = join(this.root, path)
    this.files.closeBelow(target)
    rmSync(target, { recursive: true, force: true })
  }

  close(): void {
    this.files.closeBelow(this.root)
  }
}

class DiskFile implements LogFile {
  private readonly files: OpenFiles
  private readonly path: string
  private length: number

  constructor(files: OpenFiles, path: string) {
    this.files = files
    this.path = path
    this.length = fstatSync(files.descriptor(path)).size
  }

  get size(): number {
    return this.length
  }

  append(bytes: Buffer): void {
    const descriptor = this.files.descriptor(this.path)
    try {
      writeWhole(descriptor, bytes, this.length)
    } catch (error) {
      // A full disk: no remains that the next, shorter write would leave behind itself.
      ftruncateSync(descriptor, this.length)
      throw error
    }
    this.length += bytes.length
  }

  read(position: number, target: Buffer, targetStart: number, length: number): number {
    const descriptor = this.files.descriptor(this.path)
    const wanted = Math.min(length, this.length - position)
    let taken = 0
    while (taken < wanted) {
      const count = readSync(descriptor, target, targetStart + taken, wanted - taken, position + taken)
      if (count === 0) break
      taken += count
    }
    return taken
  }

  truncate(size: number): void {
    if (size >= this.length) return
    ftruncateSync(this.files.descriptor(this.path), size)
    this.length = size
  }
}

/** Descriptors by path; the one unused for longest makes room for the next. */
class OpenFiles {
  private readonly descriptors = new Map<string, number>()

  descriptor(path: string): number {
    const known = this.descriptors.get(path)
    if (known !== undefined) {
      this.descriptors.delete(path)
      this.descriptors.set(path, known)
      return known
    }
    this.makeRoom()
    const opened = openOrCreate(path)
    this.descriptors.set(path, opened)
    return opened
  }

  close(path: string): void {
    const descriptor = this.descriptors.get(path)
    if (descriptor === undefined) return
    this.descriptors.delete(path)
    closeSync(descriptor)
  }

  closeBelow(directory: string): void {
    for (const path of [...this.descriptors.keys()]) if (path.startsWith(directory)) this.close(path)
  }

  private makeRoom(): void {
    for (const path of this.descriptors.keys()) {
      if (this.descriptors.size < openFilesMax) return
      this.close(path)
    }
  }
}

function writeWhole(descriptor: number, bytes: Buffer, position: number): void {
  let written = 0
  while (written < bytes.length) {
    written += writeSync(descriptor, bytes, written, bytes.length - written, position + written)
  }
}

function openOrCreate(path: string): number {
  const existing = whenPresent(() => openSync(path, 'r+'))
  if (existing !== undefined) return existing
  mkdirSync(dirname(path), { recursive: true })
  return openSync(path, 'w+')
}

function whenPresent<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}
