// Reads what ByteWriter wrote, within fixed bounds: running over the end is a BadRecord, never a wrong value.
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
    let scale = 1
    let zigzag = 0
    for (;;) {
      const next = this.byte()
      zigzag += (next & 127) * scale
      if (next < 128) break
      scale *= 128
      if (scale > 2 ** 63) throw new BadRecord('decode', 'a varint is longer than 10 bytes')
    }
    if (zigzag > Number.MAX_SAFE_INTEGER) throw new BadRecord('decode', 'an integer is beyond 2^53')
    return zigzag % 2 === 0 ? zigzag / 2 : -(zigzag + 1) / 2
  }

  /** A view on the next `length` bytes. */
  bytes(length: number): Buffer {
    if (length < 0 || this.position + length > this.end) throw new BadRecord('decode', 'a length runs over the end')
    this.position += length
    return this.buffer.subarray(this.position - length, this.position)
  }

  text(length: number): string {
    return this.bytes(length).toString('utf8')
  }
}
