// The commits of one worker, one at a time: while the log decides on one, the worker reads and processes for the next.
// What it does meanwhile stands on a commit that may fail, and so it goes out only after it: in the same incarnation, or never.
import { assert } from '../core/assert.ts'
import { type CommitParts, follow, type PreparedCommit, prepare, transact } from './commit-cycle.ts'
import type { Task } from './task.ts'

type Outcome = { readonly ends: ReadonlyMap<string, number> } | { readonly error: unknown }

interface Pending {
  readonly parts: CommitParts
  readonly prepared: PreparedCommit
  readonly begunAt: number
  readonly decision: Promise<Outcome>
  outcome: Outcome | undefined
  /** When the log decided, whether anybody looked or not. */
  decidedAt: number
}

export interface CommitEvents {
  committed(commit: PreparedCommit, tookMs: number): void
  failed(error: unknown): void
}

export class Commits {
  private readonly now: () => number
  private readonly events: CommitEvents
  private pending: Pending | undefined
  /** How long the last one took, and when it ended, ms. */
  private lastTookMs = 0
  private lastAt = Number.NEGATIVE_INFINITY

  constructor(now: () => number, events: CommitEvents) {
    this.now = now
    this.events = events
  }

  get isUnderWay(): boolean {
    return this.pending !== undefined
  }

  /**
   * How long until as much time as `ms`, and as the last commit took, has gone by without one, so that commits take at most half of the
   * time; at least `ms` while one is under way. 0 and less: it has.
   */
  restMs(ms: number): number {
    return this.pending === undefined ? this.lastAt + Math.max(ms, this.lastTookMs) - this.now() : ms
  }

  /** Takes what the tasks have and sends it off. The commit before this one must have been concluded. */
  async begin(parts: CommitParts, tasks: readonly Task[], releasing: ReadonlySet<Task>): Promise<void> {
    assert(this.pending === undefined, 'one commit is under way at a time')
    const begunAt = this.now()
    const prepared = await prepare(parts, tasks, releasing)
    const decision = transact(parts, prepared).then(
      (ends): Outcome => ({ ends }),
      (error: unknown): Outcome => ({ error }),
    )
    const pending: Pending = { parts, prepared, begunAt, decision, outcome: undefined, decidedAt: begunAt }
    this.pending = pending
    void decision.then((outcome) => {
      pending.outcome = outcome
      pending.decidedAt = this.now()
    })
  }

  /** Lets the backends follow if the log has decided meanwhile; returns whether it has. @throws like `conclude`. */
  async concludeIfDecided(): Promise<boolean> {
    if (this.pending?.outcome === undefined) return false
    await this.conclude()
    return true
  }

  /** Waits for the log's decision and lets the backends follow. @throws what made the outcome unknown, or what a backend refused. */
  async conclude(): Promise<void> {
    const { pending } = this
    if (pending === undefined) return
    const { parts, prepared, begunAt } = pending
    const outcome = await pending.decision
    this.pending = undefined
    if ('error' in outcome) {
      this.events.failed(outcome.error)
      throw outcome.error
    }
    const followedFrom = this.now()
    try {
      await follow(parts, prepared, outcome.ends)
    } finally {
      this.lastAt = pending.decidedAt + this.now() - followedFrom
      this.lastTookMs = this.lastAt - begunAt
      this.events.committed(prepared, this.lastTookMs)
    }
  }

  /** After a failure elsewhere: waits until nothing is on its way any more. Returns whether the log has decided, so that the producer may go on. */
  async abandon(): Promise<boolean> {
    const outcome = await this.pending?.decision
    this.pending = undefined
    return outcome === undefined || 'ends' in outcome
  }
}
