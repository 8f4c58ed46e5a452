// A value that is still bytes: operators that only pass it on never pay for decoding it.
import type { Serde } from './serde.ts'

export class Encoded<T> {
  readonly buffer: Buffer
  readonly start: number
  readonly end: number
  private readonly serde: Serde<T>

  constructor(serde: Serde<T>, buffer: Buffer, start = 0, end = buffer.length) {
    this.serde = serde
    this.buffer = buffer
    this.start = start
    this.end = end
  }

  decode(): T {
    return this.serde.read(this.buffer, this.start, this.end)
  }
}
