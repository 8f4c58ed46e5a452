// Record headers: encodes a header section (count and entries), finds one header without listing all, lists all for people and dead letters.
import type { ByteWriter } from '../../core/byte-writer.ts'
import { StreamsError } from '../../core/errors.ts'
import { VarintCursor } from './varint.ts'

export interface RecordHeader {
  readonly name: string
  readonly value: Buffer | undefined
}

/** Appends the header section of `headers` to `writer`. */
export function writeHeaders(writer: ByteWriter, headers: readonly RecordHeader[]): void {
  writer.varint(headers.length)
  for (const { name, value } of headers) {
    writer.varint(Buffer.byteLength(name))
    writer.text(name)
    writer.varint(value === undefined ? -1 : value.length)
    if (value !== undefined) writer.bytes(value)
  }
}

/** Every header of a section, in order; the values are views. @throws StreamsError `corrupt_batch` */
export function listHeaders(buffer: Buffer, start: number, end: number): RecordHeader[] {
  const walk = new HeaderWalk()
  const headers: RecordHeader[] = []
  for (let left = walk.begin(buffer, start, end); left > 0; left--) {
    walk.next(buffer, end)
    const value = walk.valueEnd < walk.valueStart ? undefined : buffer.subarray(walk.valueStart, walk.valueEnd)
    headers.push({ name: buffer.utf8Slice(walk.nameStart, walk.nameEnd), value })
  }
  return headers
}

/**
 * Walks a header section without allocating; the engine's own headers have one-byte names, so looking for one compares one byte.
 * @example if (walk.find(buffer, start, end, eventTime)) readTime(buffer, walk.valueStart)
 */
export class HeaderWalk {
  nameStart = 0
  nameEnd = 0
  valueStart = 0
  /** Below `valueStart` when the value is null. */
  valueEnd = 0
  private readonly cursor = new VarintCursor()

  /** Whether the section holds a header called by the single byte `name`; if so, `valueStart` and `valueEnd` bound its value. */
  find(buffer: Buffer, start: number, end: number, name: number): boolean {
    for (let left = this.begin(buffer, start, end); left > 0; left--) {
      this.next(buffer, end)
      if (this.nameEnd === this.nameStart + 1 && buffer[this.nameStart] === name) return true
    }
    return false
  }

  /** Goes to the first entry; returns how many there are. */
  begin(buffer: Buffer, start: number, end: number): number {
    this.cursor.position = start
    const count = this.cursor.read(buffer)
    if (count < 0 || count * 2 > end - this.cursor.position) {
      throw new StreamsError('corrupt_batch', `a header section claims ${count} headers`)
    }
    return count
  }

  next(buffer: Buffer, end: number): void {
    const { cursor } = this
    const nameLength = cursor.read(buffer)
    this.nameStart = cursor.position
    if (nameLength < 0 || cursor.position + nameLength > end) throw damagedHeader()
    this.nameEnd = cursor.position += nameLength
    const valueLength = cursor.read(buffer)
    this.valueStart = cursor.position
    this.valueEnd = cursor.position + valueLength
    if (valueLength < -1 || cursor.position + Math.max(0, valueLength) > end) throw damagedHeader()
    cursor.position += Math.max(0, valueLength)
  }
}

const damagedHeader = () => new StreamsError('corrupt_batch', 'a header has lengths that do not fit')
