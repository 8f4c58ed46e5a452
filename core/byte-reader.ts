// Reads what ByteWriter wrote, within fixed bounds: running over the end is a BadRecord, never a wrong value.
import { isUtf8 } from 'node:buffer'
import { BadRecord } from './errors.ts'

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
    let high = 0
    for (let shift = 0; ; shift += 7) {
      const next = this.byte()
      if (shift < 28) low |= (next & 127) << shift
      else high += (next & 127) * 2 ** (shift - 28)
      if (next < 128) break
      if (shift === 63) throw new BadRecord('decode', 'a varint is longer than 10 bytes')
    }
    const magnitude = high * 2 ** 27 + (low >>> 1)
    const value = (low & 1) === 0 ? magnitude : -magnitude - 1
    if (!Number.isSafeInteger(value)) throw new BadRecord('decode', 'an integer is beyond 2^53')
    return value
  }

  /** A view on the next `length` bytes. */
  bytes(length: number): Buffer {
    if (length < 0 || this.position + length > this.end) throw new BadRecord('decode', 'a length runs over the end')
    this.position += length
    return this.buffer.subarray(this.position - length, this.position)
  }

  text(length: number): string {
    const bytes = this.bytes(length)
    const text = bytes.utf8Slice()
    // A replacement character is either in the bytes or stands for what is not UTF-8.
    if (text.includes('\ufffd') && !isUtf8(bytes)) throw new BadRecord('decode', 'text is not UTF-8')
    return text
  }
}
