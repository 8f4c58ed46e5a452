// One seeded order for everything that happens: every call of every process waits here for its turn. Nothing else decides what comes next.
import type { Random } from '../../core/random.ts'

/** One process of the simulation. A killed one never gets another turn. */
export interface Actor {
  readonly name: string
  isDead: boolean
  /** Turns that pass it by: a stopped process, a long collection. */
  pausedFor: number
}

interface Waiting {
  readonly actor: Actor
  readonly go: () => void
  /** What is on its way to a service: it may arrive although its sender is dead. */
  readonly inFlight: (() => Promise<unknown>) | undefined
}

export class Scheduler {
  readonly random: Random
  turns = 0
  private waiting: Waiting[] = []
  private orphans: (() => Promise<unknown>)[] = []

  constructor(random: Random) {
    this.random = random
  }

  /** The caller goes on when it is its turn; never, once it is dead. */
  turn(actor: Actor, inFlight?: () => Promise<unknown>): Promise<void> {
    if (actor.isDead) return new Promise(() => {})
    return new Promise((resolve) => this.waiting.push({ actor, go: resolve, inFlight }))
  }

  /** kill -9: what it had sent may still arrive. */
  kill(actor: Actor): void {
    actor.isDead = true
    for (const { inFlight } of this.waiting.filter((one) => one.actor === actor))
      if (inFlight !== undefined && this.random() < 0.5) this.orphans.push(inFlight)
    this.waiting = this.waiting.filter((one) => one.actor !== actor)
  }

  /** Lets one of those who wait go on, and waits until everybody waits again. Returns false when nobody can. */
  async next(): Promise<boolean> {
    this.turns++
    await everybodyWaits()
    if (this.orphans.length > 0 && this.random() < 0.2) {
      const [orphan] = this.orphans.splice(Math.floor(this.random() * this.orphans.length), 1)
      // Nobody hears its answer, and one that waits for records may wait for ever.
      void orphan?.().catch(() => {})
      return true
    }
    for (const actor of new Set(this.waiting.map((one) => one.actor))) if (actor.pausedFor > 0) actor.pausedFor--
    const ready = this.waiting.filter(({ actor }) => actor.pausedFor === 0)
    const chosen = ready[Math.floor(this.random() * ready.length)]
    if (chosen === undefined) return this.waiting.length > 0
    this.waiting = this.waiting.filter((one) => one !== chosen)
    chosen.go()
    return true
  }
}

/** All promises that can settle by themselves have settled: whoever still runs is waiting for a turn. */
function everybodyWaits(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
