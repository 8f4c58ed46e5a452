// What an application does beside its work, every now and then. Brokers may be away for a while: how long is too long, the worker says.
import type { Clock } from '../core/clock.ts'
import type { Logger } from '../core/logger.ts'
import { reactionTo } from './failure-policy.ts'

export interface Chore {
  readonly everyMs: number
  /** What it means that it has failed, for the log. */
  readonly failed: string
  readonly run: () => Promise<void>
}

export interface Household {
  readonly clock: Clock
  readonly logger: Logger
}

/** Does the chore until `signal`, for the first time at once. @throws what only a person can mend */
export async function keepDoing(
  { everyMs, failed, run }: Chore,
  { clock, logger }: Household,
  signal: AbortSignal,
): Promise<void> {
  for (; !signal.aborted; await clock.sleep(everyMs, signal)) {
    try {
      await run()
    } catch (error) {
      if (reactionTo(error) === 'stop') throw error
      logger.warn(failed, { error: String(error) })
    }
  }
}
