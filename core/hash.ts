// A 64-bit content hash in two unsigned 32-bit halves: fast, without BigInt, equal on every machine. Not for secrets.
// Two checksums with coprime polynomials, together one of 64 bits; for "is this the content I have seen?", where that is enough.
import { crc32cOf, crc32Of } from './crc.ts'

/** Owned and overwritten by its holder, so that hashing a record allocates nothing. */
export class Hash64 {
  high = 0
  low = 0
  private scratch = Buffer.alloc(0)

  bytes(buffer: Buffer, start = 0, end = buffer.length): this {
    const bytes = start === 0 && end === buffer.length ? buffer : buffer.subarray(start, end)
    this.high = crc32Of(bytes)
    this.low = crc32cOf(bytes)
    return this
  }

  /** Of the text's UTF-16 code units. */
  text(text: string): this {
    if (text.length * 2 > this.scratch.length) this.scratch = Buffer.allocUnsafe(text.length * 4)
    return this.bytes(this.scratch, 0, this.scratch.write(text, 'utf16le'))
  }
}
