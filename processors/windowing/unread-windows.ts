// The windows that were open when the task was handed over, not looked at since: a restart reads none of them, closing reads those that are due.
import { SEGMENT_MS, type StartRange } from '../../state/task-stores.ts'
import type { OpenSpan } from '../operator.ts'

export class UnreadWindows {
  private readonly closesAt: (start: number) => number
  private from = Number.POSITIVE_INFINITY
  private to = Number.NEGATIVE_INFINITY

  constructor(closesAt: (start: number) => number) {
    this.closesAt = closesAt
  }

  remember({ first, last }: OpenSpan): void {
    this.from = first
    this.to = last + 1
  }

  /** Takes out the starts to read before windows are closed at `watermark`: up to the end of a day, because a day is stored together. */
  takeDue(watermark: number): StartRange | undefined {
    const { from } = this
    while (this.from < this.to && this.closesAt(this.from) <= watermark)
      this.from = (Math.floor(this.from / SEGMENT_MS) + 1) * SEGMENT_MS
    return this.from === from ? undefined : { from, to: Math.min(this.from, this.to) }
  }

  span(): OpenSpan | null {
    return this.from < this.to ? { first: this.from, last: this.to - 1 } : null
  }
}
