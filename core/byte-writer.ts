// A growing buffer that encoders append to: one per worker, reused, so that encoding allocates nothing.

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
    const needed = this.position + count
    if (needed <= this.buffer.length) return
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.buffer.length * 2))
    this.buffer.copy(grown, 0, 0, this.position)
    this.buffer = grown
  }

  byte(value: number): void {
    this.reserve(1)
    this.buffer[this.position++] = value
  }

  /** Zigzag varint, exact for every safe integer (the encoding of Kafka's varlong and of Avro's long). */
  varint(value: number): void {
    this.reserve(10)
    if (value >= -1073741824 && value < 1073741824) return this.smallVarint((value << 1) ^ (value >> 31))
    let rest = value < 0 ? -2 * value - 1 : 2 * value
    if (rest > Number.MAX_SAFE_INTEGER) return this.bigVarint(BigInt(value))
    while (rest > 127) {
      this.buffer[this.position++] = (rest % 128) | 128
      rest = Math.floor(rest / 128)
    }
    this.buffer[this.position++] = rest
  }

  /** UTF-8 text without a length. */
  text(value: string): void {
    this.reserve(value.length * 3)
    this.position += this.buffer.utf8Write(value, this.position)
  }

  bytes(source: Buffer, start = 0, end = source.length): void {
    this.reserve(end - start)
    source.copy(this.buffer, this.position, start, end)
    this.position += end - start
  }

  /** A view on what was written from `start` on; valid until the next write. */
  view(start = 0): Buffer {
    return this.buffer.subarray(start, this.position)
  }

  /** An own copy of what was written. */
  copy(start = 0): Buffer {
    return Buffer.from(this.view(start))
  }

  private smallVarint(zigzag: number): void {
    let rest = zigzag
    while ((rest & ~127) !== 0) {
      this.buffer[this.position++] = (rest & 127) | 128
      rest >>>= 7
    }
    this.buffer[this.position++] = rest
  }

  private bigVarint(value: bigint): void {
    let rest = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n))
    while (rest > 127n) {
      this.buffer[this.position++] = Number(rest & 127n) | 128
      rest >>= 7n
    }
    this.buffer[this.position++] = Number(rest)
  }
}
