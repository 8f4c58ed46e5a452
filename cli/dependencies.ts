// What the program stands on and can lose: for each, whether it answers, as /readyz tells it. There from the start, so that a start that waits says for whom.
import type { Clock } from '../core/clock.ts'
import { Reachability } from '../core/reachability.ts'
import { NotReady, type ReadyCheck } from '../server/health.ts'

export interface DependencyOptions {
  /** Asks it when nobody else has had an answer lately; absent where the engine's own work asks every second. */
  readonly ping?: () => Promise<unknown>
  /** Silence that is no trouble yet, ms. Default 0. */
  readonly toleratedMs?: number
}

export class Dependencies {
  private readonly clock: Clock
  private readonly all: ReadyCheck[] = []

  constructor(clock: Clock) {
    this.clock = clock
  }

  add(name: string, { ping, toleratedMs = 0 }: DependencyOptions = {}): Reachability {
    const reachability = new Reachability(this.clock, toleratedMs)
    this.all.push({
      name,
      check: async () => {
        const trouble = await reachability.trouble(ping)
        if (trouble !== undefined) throw new NotReady(trouble.reason, trouble.since)
      },
    })
    return reachability
  }

  checks(): readonly ReadyCheck[] {
    return this.all
  }
}
