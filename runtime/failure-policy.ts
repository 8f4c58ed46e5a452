// The only place that decides what an error does to a worker (style.md: errors are classed by the reaction they need).
import { ProducerFenced, Retriable, StateCorrupted, TaskFenced } from '../core/errors.ts'

export type Reaction =
  /** The outcome of a transaction is unknown, or we are fenced: InitProducerId again, and every task through take-over. */
  | 'new incarnation'
  /** One task's claim or state is not what it was: its work since the last commit is discarded, the task is taken over again. */
  | 'take over again'
  /** The same may work later. */
  | 'back off'
  /** A bug, or something only a person can mend. */
  | 'stop'

export function reactionTo(error: unknown): Reaction {
  if (error instanceof ProducerFenced) return 'new incarnation'
  if (error instanceof TaskFenced || error instanceof StateCorrupted) return 'take over again'
  if (error instanceof Retriable) return 'back off'
  return 'stop'
}

const FIRST_PAUSE_MS = 10
const LONGEST_PAUSE_MS = 5_000

/** Pauses that double up to 5 s, and a limit on how long failures may follow each other. */
export class BackOff {
  private failures = 0
  private failingSince: number | undefined
  private readonly outageMsMax: number

  constructor(outageMsMax: number) {
    this.outageMsMax = outageMsMax
  }

  succeeded(): void {
    this.failures = 0
    this.failingSince = undefined
  }

  /** How long to pause, ms; undefined when it has gone on for too long. */
  failed(now: number): number | undefined {
    this.failingSince ??= now
    if (now - this.failingSince > this.outageMsMax) return undefined
    this.failures++
    return Math.min(FIRST_PAUSE_MS * 2 ** (this.failures - 1), LONGEST_PAUSE_MS)
  }
}
