// Asking again while brokers are away, leaders move or coordinators load: with growing pauses, for a bounded time.
import type { Clock } from '../../core/clock.ts'
import { Retriable } from '../../core/errors.ts'
import type { Random } from '../../core/random.ts'
import type { Reachability } from '../../core/reachability.ts'

export interface PersistenceOptions {
  readonly clock: Clock
  readonly random: Random
  /** How long a call is repeated before its last error goes to the caller, ms. */
  readonly limitMs: number
  /** Told of every attempt. */
  readonly reachability?: Reachability | undefined
}

const firstPauseMs = 5
const longestPauseMs = 1_000

export class Persistence {
  private readonly options: PersistenceOptions

  constructor(options: PersistenceOptions) {
    this.options = options
  }

  /** Calls `attempt` until it throws nothing Retriable; it is told how often it has been called before. @throws its last error */
  async repeat<Answer>(attempt: (round: number) => Promise<Answer>, signal?: AbortSignal): Promise<Answer> {
    const { clock, limitMs, reachability } = this.options
    const deadline = clock.now() + limitMs
    for (let round = 0; ; round++) {
      try {
        return await (reachability?.ask(() => attempt(round)) ?? attempt(round))
      } catch (error) {
        if (!(error instanceof Retriable) || signal?.aborted || clock.now() >= deadline) throw error
        await clock.sleep(this.pauseMs(round), signal)
      }
    }
  }

  /** Doubles, and differs from client to client so that they do not all come back at once. */
  private pauseMs(round: number): number {
    const full = Math.min(longestPauseMs, firstPauseMs * 2 ** Math.min(round, 10))
    return full * (0.5 + this.options.random() / 2)
  }
}
