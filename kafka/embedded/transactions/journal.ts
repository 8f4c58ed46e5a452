// An append-only file of small JSON entries, each with its length and checksum: a torn tail is cut off when it is opened.

import { crc32cOf } from '../../../core/crc.ts'
import { StreamsError } from '../../../core/errors.ts'
import type { LogFile, LogStorage } from '../storage/log-storage.ts'

const frameBytes = 8

export class Journal<Entry> {
  private readonly storage: LogStorage
  private readonly path: string
  private file: LogFile

  constructor(storage: LogStorage, path: string) {
    this.storage = storage
    this.path = path
    this.file = storage.open(path)
  }

  get size(): number {
    return this.file.size
  }

  append(entry: Entry): void {
    this.file.append(frame(entry))
  }

  /** Reads every whole entry and cuts off a torn tail. @throws StreamsError `corrupt_log` */
  recover(visit: (entry: Entry) => void): void {
    const bytes = Buffer.alloc(this.file.size)
    this.file.read(0, bytes, 0, bytes.length)
    let at = 0
    for (;;) {
      const content = wholeEntry(bytes, at)
      if (content === undefined) break
      visit(JSON.parse(content.toString()) as Entry) // written by `append`
      at += frameBytes + content.length
    }
    this.file.truncate(at)
  }

  /** Puts `entries` in the place of everything. */
  rewrite(entries: readonly Entry[]): void {
    this.storage.replace(this.path, Buffer.concat(entries.map(frame)))
    this.file = this.storage.open(this.path)
  }
}

function frame(entry: unknown): Buffer {
  const content = JSON.stringify(entry)
  const framed = Buffer.allocUnsafe(frameBytes + Buffer.byteLength(content))
  framed.write(content, frameBytes)
  framed.writeUInt32BE(framed.length - frameBytes, 0)
  framed.writeUInt32BE(crc32cOf(framed.subarray(frameBytes)), 4)
  return framed
}

function wholeEntry(bytes: Buffer, at: number): Buffer | undefined {
  if (at + frameBytes > bytes.length) return undefined
  const end = at + frameBytes + bytes.readUInt32BE(at)
  if (end > bytes.length) return undefined
  const content = bytes.subarray(at + frameBytes, end)
  if (crc32cOf(content) === bytes.readUInt32BE(at + 4)) return content
  throw new StreamsError('corrupt_log', `the journal is damaged at byte ${at}: restore it from a copy`)
}
