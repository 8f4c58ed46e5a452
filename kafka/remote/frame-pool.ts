// Memory for large answers, used again: a fresh buffer of megabytes for each fetch costs its pages and, before long, a collection.

/** As many as a reader has in hand at one time: the answer its caller works on, the next one, and one that is coming in. */
const freeMax = 3
/** Frames differ in size: a little more room makes one fit the next. */
const granularity = 1024 * 1024

export class FramePool {
  private readonly free: Buffer[] = []
  private readonly lent = new WeakSet<ArrayBufferLike>()

  take(size: number): Buffer {
    const fitting = this.free.findIndex(({ length }) => length >= size)
    const [frame = Buffer.allocUnsafeSlow(Math.ceil(size / granularity) * granularity)] =
      fitting < 0 ? [] : this.free.splice(fitting, 1)
    this.lent.add(frame.buffer)
    return frame.subarray(0, size)
  }

  /** Takes back the frame that these bytes lie in, if it came from here: from now on its contents may change. */
  recycle(bytes: Buffer): void {
    if (!this.lent.delete(bytes.buffer)) return
    if (this.free.length === freeMax) this.free.shift()
    this.free.push(Buffer.from(bytes.buffer))
  }
}
