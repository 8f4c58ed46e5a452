// Reads what ByteWriter wrote, within fixed bounds: running over the end is a BadRecord, never a wrong value.
import { isUtf8 } from 'node:buffer'
import { BadRecord } from './errors.ts'

const TWO_POW_27 = 134_217_728

export class ByteReader {
  buffer: Buffer
  position: number
  end: number

  constructor(buffer: Buffer, start = 0, end = buffer.length) {
    this.buffer = buffer
    this.position = start
    this.end = end
  }

  byte(): number {
    if (this.position >= this.end) throw new BadRecord('decode', 'the bytes end too early')
    return this.buffer[this.position++] as number
  }

  /** Zigzag varint; throws BadRecord beyond 2^53, rather than round. */
  varint(): number {
    let low = 0
    for (let shift = 0; shift < 28; shift += 7) {
      const next = this.byte()
      low |= (next & 127) << shift
      if (next < 128) return (low >>> 1) ^ -(low & 1)
    }
    return this.longVarint(low)
  }

  /** Steps over the next `length` bytes; returns where they begin. */
  skip(length: number): number {
    if (length < 0 || this.position + length > this.end) throw new BadRecord('decode', 'a length runs over the end')
    this.position += length
    return this.position - length
  }

  /** A view on the next `length` bytes. */
  bytes(length: number): Buffer {
    const start = this.skip(length)
    return this.buffer.subarray(start, this.position)
  }

  text(length: number): string {
    const bytes = this.bytes(length)
    const text = bytes.utf8Slice()
    // A replacement character is either in the bytes or stands for what is not UTF-8.
    if (text.includes('\ufffd') && !isUtf8(bytes)) throw new BadRecord('decode', 'text is not UTF-8')
    return text
  }

  /** What follows the lowest 28 bits: 28 more, both halves exact in 32-bit arithmetic, and nothing but zeros behind them. */
  private longVarint(low: number): number {
    let high = 0
    let beyond = 0
    for (let shift = 0; ; shift += 7) {
      const next = this.byte()
      if (shift < 28) high |= (next & 127) << shift
      else beyond |= next & 127
      if (next < 128) break
      if (shift === 35) throw new BadRecord('decode', 'a varint is longer than 10 bytes')
    }
    const magnitude = high * TWO_POW_27 + (low >>> 1)
    const value = (low & 1) === 0 ? magnitude : -magnitude - 1
    if (beyond !== 0 || !Number.isSafeInteger(value)) throw new BadRecord('decode', 'an integer is beyond 2^53')
    return value
  }
}
