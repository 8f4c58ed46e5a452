// Cuts what comes in over one connection into answers: a length in 4 bytes, then so many bytes. Small answers are copied out of a landing
// buffer; the rest of a large one is read by the socket right into a frame of the pool.
import { StreamsError } from '../../core/errors.ts'
import type { FramePool } from './frame-pool.ts'

const landingBytes = 64 * 1024
const lengthBytes = 4
/** No broker answers with more: whoever says so does not speak Kafka's protocol. */
const answerBytesMax = 512 * 1024 * 1024

export class FrameReader {
  private readonly pool: FramePool
  private readonly deliver: (answer: Buffer) => void
  private readonly landing = Buffer.allocUnsafeSlow(landingBytes)
  /** Bytes of a length that has not come in whole, at the beginning of `landing`. */
  private begun = 0
  private frame: Buffer | undefined
  private filled = 0

  constructor(pool: FramePool, deliver: (answer: Buffer) => void) {
    this.pool = pool
    this.deliver = deliver
  }

  /** Where the next bytes must be put; never past the end of the answer that is coming in. */
  target(): Buffer {
    return this.frame === undefined ? this.landing.subarray(this.begun) : this.frame.subarray(this.filled)
  }

  /** So many bytes have been put into `target`. @throws StreamsError when they are no answers: close the connection. */
  came(count: number): void {
    if (this.frame === undefined) this.cut(this.begun + count)
    else this.fill(this.frame, count)
  }

  private fill(frame: Buffer, count: number): void {
    this.filled += count
    if (this.filled < frame.length) return
    this.frame = undefined
    this.deliver(frame)
  }

  private cut(end: number): void {
    const { landing } = this
    let at = 0
    while (end - at >= lengthBytes) {
      const start = at + lengthBytes
      const length = landing.readInt32BE(at)
      if (length < lengthBytes || length > answerBytesMax)
        throw new StreamsError('protocol_error', `an answer of ${length} bytes: is this a Kafka broker?`)
      if (end - start < length) {
        this.beginFrame(length, start, end)
        return
      }
      this.deliver(Buffer.from(landing.subarray(start, start + length)))
      at = start + length
    }
    landing.copyWithin(0, at, end)
    this.begun = end - at
  }

  private beginFrame(length: number, start: number, end: number): void {
    this.frame = length > landingBytes ? this.pool.take(length) : Buffer.allocUnsafeSlow(length)
    this.filled = this.landing.copy(this.frame, 0, start, end)
    this.begun = 0
  }
}
