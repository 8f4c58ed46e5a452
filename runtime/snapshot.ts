// What the running application tells about itself, as plain data: for pages, `--json`, and tests.
import type { TopicPartition } from '../core/topic-partition.ts'

export type ApplicationState = 'created' | 'restoring' | 'running' | 'rebalancing' | 'paused' | 'draining' | 'failed'

export interface PartitionSnapshot extends TopicPartition {
  /** Next offset to read, committed. */
  readonly committed: number
  /** End of the log for committed readers. */
  readonly end: number
  readonly earliest: number
  /** When the last record read entered the system, ms UTC; undefined before the first. */
  readonly readUpTo?: number | undefined
}

export interface TaskSnapshot {
  /** `<sub>_<partition>` */
  readonly task: string
  readonly state: string
  readonly inputs: readonly PartitionSnapshot[]
  /** ms UTC; undefined before the first. */
  readonly watermark: number | undefined
  readonly stores: readonly { readonly store: string; readonly entries: number; readonly bytes: number }[]
}

export interface NodeSnapshot {
  readonly node: string
  readonly subtopology: number
  readonly in: number
  readonly out: number
  /** Counts by outcome (accepted, duplicate, …) and dead letters as `dead_letter:<reason>`; of stream nodes over the data's whole life, of sinks since this process began. */
  readonly outcomes: Readonly<Record<string, number>>
}

export interface ApplicationSnapshot {
  readonly app: string
  readonly state: ApplicationState
  /** ms UTC of this snapshot. */
  readonly at: number
  readonly topologyHash: string
  readonly tasks: readonly TaskSnapshot[]
  readonly nodes: readonly NodeSnapshot[]
  readonly commits: number
  readonly lastCommitAt: number | undefined
  readonly restore: { readonly done: number; readonly total: number } | undefined
}
