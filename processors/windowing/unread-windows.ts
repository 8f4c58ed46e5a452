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

  /** The starts to read next before windows are closed at `watermark`: up to the end of a day, because a day is stored together. */
  due(watermark: number): StartRange | undefined {
    const { from, to } = this
    if (from >= to || this.closesAt(from) > watermark) return undefined
    return { from, to: Math.min((Math.floor(from / SEGMENT_MS) + 1) * SEGMENT_MS, to) }
  }

  /** Everything that begins before `start` has been read. */
  readUpTo(start: number): void {
    this.from = start
  }

  span(): OpenSpan | null {
    return this.from < this.to ? { first: this.from, last: this.to - 1 } : null
  }
}
