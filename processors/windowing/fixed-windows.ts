// Windows of one size that begin every `advance` ms since the epoch: tumbling where both are equal, else hopping.
import type { Windowing } from './windowing.ts'

export class FixedWindows implements Windowing {
  private readonly size: number
  private readonly advance: number

  constructor(size: number, advance: number) {
    this.size = size
    this.advance = advance
  }

  startAt(at: number): number {
    return Math.floor(at / this.advance) * this.advance
  }

  before(start: number): number {
    return start - this.advance
  }

  endOf(start: number): number {
    return start + this.size
  }
}
