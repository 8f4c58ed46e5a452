// What a worker is given, what can be set, and what it tells those who watch it.
import type { Clock } from '../core/clock.ts'
import type { Logger } from '../core/logger.ts'
import type { Random } from '../core/random.ts'
import type { Cluster } from '../kafka/cluster.ts'
import type { StateBackend } from '../state/backend.ts'
import type { CompiledTopology } from '../topology/graph.ts'
import type { PreparedCommit } from './commit-cycle.ts'
import type { Reaction } from './failure-policy.ts'
import type { Membership } from './membership.ts'
import type { NodeObserver } from './node-observer.ts'
import type { StepHook } from './steps.ts'
import type { TopicAccess } from './topic-access.ts'
import type { WorkTimes } from './work-times.ts'

export interface WorkerOptions {
  readonly topology: CompiledTopology
  readonly cluster: Cluster
  readonly backend: StateBackend
  readonly membership: Membership
  readonly topics: TopicAccess
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly config: WorkerConfig
  readonly times: WorkTimes
  readonly nodes: NodeObserver
  readonly events?: WorkerEvents
}

export interface WorkerConfig {
  /** A commit follows the first uncommitted record after this time at the latest, ms. */
  readonly commitIntervalMs: number
  /** Inputs read to their end for this long no longer hold the watermark back, ms; Infinity: never. */
  readonly idleAfterMs: number
  /** A task tells those behind it how far it is at most this often, ms. */
  readonly watermarkIntervalMs: number
  /** Of 1,000 records, how many may be bad before the task halts. */
  readonly badLimit: number
  /** How many windows a task reads or closes in one commit: so long its worker's other tasks wait. */
  readonly windowsAtOnce: number
  readonly transactionTimeoutMs: number
  readonly fetchBytesMax: number
  readonly fetchBytesPerPartitionMax: number
  /** A commit is made early when this much waits to be written, bytes. */
  readonly bufferedBytesMax: number
  /**
   * How long a living owner's release is waited for before it is fenced, ms. It comes with the owner's next commit; an owner that does
   * not commit for that long is stuck, and its tasks should not be.
   */
  readonly releaseWaitMs: number
  /** How long failures may follow each other before the worker stops, ms. */
  readonly outageMsMax: number
}

export const defaultWorkerConfig: WorkerConfig = {
  commitIntervalMs: 100,
  idleAfterMs: 60_000,
  watermarkIntervalMs: 1_000,
  badLimit: 500,
  windowsAtOnce: 4_000,
  transactionTimeoutMs: 60_000,
  fetchBytesMax: 8 * 1024 * 1024,
  fetchBytesPerPartitionMax: 1024 * 1024,
  bufferedBytesMax: 32 * 1024 * 1024,
  releaseWaitMs: 2_000,
  outageMsMax: 600_000,
}

/** What a worker tells those who watch it. */
export interface WorkerEvents {
  committed?(commit: PreparedCommit, tookMs: number): void
  commitFailed?(error: unknown): void
  restoring?(task: string, done: number, total: number): void
  /** A task runs, this long after its take-over began. */
  opened?(task: string, tookMs: number): void
  fetched?(topic: string, bytes: number): void
  failed?(error: unknown, reaction: Reaction): void
  /** Before each numbered step of a take-over or commit cycle: where a simulator stops or kills the worker. */
  readonly at?: StepHook
}
