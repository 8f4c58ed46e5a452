// What the chaos driver and its workers say to each other.
import type { Step } from '../../runtime/steps.ts'

export interface WorkerSettings {
  readonly brokers: string
  readonly redis: string
  readonly postgres: string
  readonly instanceId: string
  readonly sessionTimeoutMs: number
}

/** From the driver: what happens when the worker next comes to a step of its cycle. */
export interface Trap {
  readonly step: Step
  /** `die`: it kills itself at once; `tell`: it says so and goes on. */
  readonly then: 'die' | 'tell'
}

export interface Report {
  readonly kind: 'report'
  readonly state: string
  readonly caughtUp: boolean
  /** `topic-partition` → the next offset, committed; of the tasks that run in this worker. */
  readonly positions: Readonly<Record<string, number>>
  /** Outcome → count, of the tasks that run in this worker. */
  readonly outcomes: Readonly<Record<string, number>>
}

export type FromWorker = Report | { readonly kind: 'trapped' } | { readonly kind: 'failed'; readonly error: string }
