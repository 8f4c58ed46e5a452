// Follows the global tables between batches. While brokers or the registry do not answer, their rows stay as they are, and it is tried again, for a bounded time.
import type { Clock } from '../core/clock.ts'
import { StreamsError } from '../core/errors.ts'
import type { Logger } from '../core/logger.ts'
import { BackOff, reactionTo } from './failure-policy.ts'
import type { GlobalTables } from './global-tables.ts'

export interface FollowerOptions {
  readonly tables: GlobalTables
  readonly clock: Clock
  readonly logger: Logger
  /** How long failures may follow each other, ms. */
  readonly outageMsMax: number
}

export class GlobalTableFollower {
  private readonly options: FollowerOptions
  private readonly backOff: BackOff
  private pausedUntil = Number.NEGATIVE_INFINITY

  constructor(options: FollowerOptions) {
    this.options = options
    this.backOff = new BackOff(options.outageMsMax)
  }

  /** Takes what has been appended meanwhile, without waiting for more. @throws what only a person can mend */
  async follow(): Promise<void> {
    const { tables, clock } = this.options
    if (clock.now() < this.pausedUntil) return
    try {
      await tables.follow()
      this.backOff.succeeded()
    } catch (error) {
      this.pause(error)
    }
  }

  private pause(error: unknown): void {
    if (reactionTo(error) !== 'back off') throw error
    const { clock, logger } = this.options
    const now = clock.now()
    const pauseMs = this.backOff.failed(now)
    if (pauseMs === undefined)
      throw new StreamsError('outage', 'the global tables could not be followed for too long', { cause: error })
    this.pausedUntil = now + pauseMs
    logger.warn('the global tables stay as they are', {
      error: error instanceof Error ? error.message : String(error),
      pauseMs,
    })
  }
}
