// Where the embedded cluster keeps its bytes: files by path, synchronous, append-only but for truncation and atomic replacement.
// What has been written survives the death of the process; surviving a power cut is not promised.

export interface LogStorage {
  /** Names of what lies directly in `directory`, sorted; empty when there is no such directory. */
  list(directory: string): string[]
  /** Opens or creates; directories are made as needed. */
  open(path: string): LogFile
  /** A small file whole, or undefined when it does not exist. */
  read(path: string): Buffer | undefined
  /** Writes a small file so that the old or the new content is there, never a mixture. */
  replace(path: string, content: Buffer): void
  /** Atomically puts `from` in the place of `to`. */
  rename(from: string, to: string): void
  /** Does nothing when there is no such file. */
  remove(path: string): void
  removeDirectory(path: string): void
  close(): void
}

export interface LogFile {
  readonly size: number
  append(bytes: Buffer): void
  /** Reads up to `length` bytes at `position` into `target`; returns how many there were. */
  read(position: number, target: Buffer, targetStart: number, length: number): number
  truncate(size: number): void
}
