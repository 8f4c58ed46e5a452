// A growing buffer that encoders append to: one per worker, reused, so that encoding allocates nothing.

const TWO_POW_27 = 134_217_728
/** Up to this many bytes a loop beats the call of `copy` or `utf8Write`. */
const SHORT_BYTES = 24

export class ByteWriter {
  buffer: Buffer
  position = 0

  constructor(capacity = 4096) {
    this.buffer = Buffer.allocUnsafeSlow(capacity)
  }

  reset(): void {
    this.position = 0
  }

  /** Makes room for `count` more bytes; call before writing to `buffer` directly. */
  reserve(count: number): void {
    if (this.position + count > this.buffer.length) this.grow(this.position, count)
  }

  /** For writers that keep the position in a variable: keeps the first `used` bytes, with room for `count` more. */
  grow(used: number, count: number): Buffer {
    const grown = Buffer.allocUnsafeSlow(Math.max(used + count, this.buffer.length * 2))
    this.buffer.copy(grown, 0, 0, used)
    this.buffer = grown
    return grown
  }

  byte(value: number): void {
    this.reserve(1)
    this.buffer[this.position++] = value
  }

  /** Zigzag varint, exact for every safe integer (the encoding of Kafka's varlong and of Avro's long). */
  varint(value: number): void {
    this.reserve(10)
    if (value >= -1073741824 && value < 1073741824) this.unsigned((value << 1) ^ (value >> 31))
    else this.longVarint(value)
  }

  /** UTF-8 text without a length. A lone surrogate becomes U+FFFD: whoever must refuse it looks first. */
  text(value: string): void {
    this.reserve(value.length * 3)
    if (value.length > SHORT_BYTES || !this.ascii(value)) this.position += this.buffer.utf8Write(value, this.position)
  }

  bytes(source: Buffer, start = 0, end = source.length): void {
    this.reserve(end - start)
    if (end - start > SHORT_BYTES) this.position += source.copy(this.buffer, this.position, start, end)
    else for (let i = start; i < end; i++) this.buffer[this.position++] = source[i] as number
  }

  /** Leaves room for a length; what is written from here on gets it with `endSized(start)`. */
  beginSized(): number {
    this.byte(0)
    return this.position - 1
  }

  /** Puts the length of what was written behind `start` there, as a varint: one byte in place, or the bytes move up. */
  endSized(start: number): void {
    const length = this.position - start - 1
    if (length > 63) this.move(start + 1, start + varintBytes(length))
    const { position } = this
    this.position = start
    this.unsigned(length << 1)
    this.position = position
  }

  /** Moves what was written from `from` on, to begin at `to`. */
  move(from: number, to: number): void {
    if (to > from) this.reserve(to - from)
    this.buffer.copyWithin(to, from, this.position)
    this.position += to - from
  }

  /** A view on what was written from `start` on; valid until the next write. */
  view(start = 0): Buffer {
    return this.buffer.subarray(start, this.position)
  }

  /** An own copy of what was written. */
  copy(start = 0): Buffer {
    return Buffer.from(this.view(start))
  }

  /** Returns false, having written nothing, when there are other characters. */
  private ascii(value: string): boolean {
    const { buffer, position } = this
    const { length } = value
    for (let i = 0; i < length; i++) {
      const code = value.charCodeAt(i)
      if (code > 127) return false
      buffer[position + i] = code
    }
    this.position += length
    return true
  }

  /** The lowest 28 bits apart from the rest, so that both are exact in 32-bit arithmetic. */
  private longVarint(value: number): void {
    const magnitude = value < 0 ? -value - 1 : value
    let low = ((magnitude % TWO_POW_27) << 1) | (value < 0 ? 1 : 0)
    for (let i = 0; i < 4; i++) {
      this.buffer[this.position++] = (low & 127) | 128
      low >>>= 7
    }
    this.unsigned(Math.floor(magnitude / TWO_POW_27))
  }

  private unsigned(value: number): void {
    let rest = value
    while ((rest & ~127) !== 0) {
      this.buffer[this.position++] = (rest & 127) | 128
      rest >>>= 7
    }
    this.buffer[this.position++] = rest
  }
}

/** How many bytes a length takes as a zigzag varint. */
function varintBytes(length: number): number {
  return length < 64 ? 1 : length < 8192 ? 2 : length < 1_048_576 ? 3 : length < 134_217_728 ? 4 : 5
}
