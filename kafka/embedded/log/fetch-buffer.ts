// The buffer that one reader's answers are read into: reused from fetch to fetch, so that reading allocates no megabytes.

export class FetchBuffer {
  bytes: Buffer = Buffer.alloc(0)
  /** What this answer has taken so far. */
  used = 0

  /** Makes room for `count` bytes behind `used`; parts already handed out stay valid in the buffer they are in. */
  reserve(count: number): void {
    if (this.used + count <= this.bytes.length) return
    this.bytes = Buffer.allocUnsafeSlow(Math.max(count, this.bytes.length * 2, 64 * 1024))
    this.used = 0
  }
}
