// Watches the share of bad records: a topic that is mostly unreadable halts its task instead of draining into the dead letters.
import { StreamsError } from '../core/errors.ts'

const WINDOW_RECORDS = 1_000
const REASONS_MAX = 3

export class BadShare {
  private readonly limit: number
  private seen = 0
  private bad = 0
  private readonly firstReasons: string[] = []

  /** `limit`: how many of 1,000 records may be bad. */
  constructor(limit: number) {
    this.limit = limit
  }

  recordBad(reason: string): void {
    this.bad++
    if (this.firstReasons.length < REASONS_MAX && !this.firstReasons.includes(reason)) this.firstReasons.push(reason)
  }

  /** After each batch. @throws StreamsError `too_many_bad_records` once a window of 1,000 records is over the limit. */
  recordSeen(count: number): void {
    this.seen += count
    if (this.seen < WINDOW_RECORDS) return
    if (this.bad * WINDOW_RECORDS > this.limit * this.seen)
      throw new StreamsError(
        'too_many_bad_records',
        `${this.bad} of the last ${this.seen} records are bad (${this.firstReasons.join('; ')}): mend the input, or raise --bad-limit above ${Math.ceil((this.bad / this.seen) * 1000)}`,
      )
    this.seen = 0
    this.bad = 0
    this.firstReasons.length = 0
  }
}
