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

/** A partition whose committed readers wait at an offset for a transaction to be decided. */
export interface HeldBack extends TopicPartition {
  /** The last stable offset. */
  readonly offset: number
  /** ms UTC; as far back as this process has looked. */
  readonly since: number
}

/** A partition whose next record waits for the schema that it was written with. */
export interface AwaitedSchema extends TopicPartition {
  readonly offset: number
  readonly schemaId: number
  /** When it was first asked for, ms UTC. */
  readonly since: number
  /** Why it is not here yet. */
  readonly reason: string
}

export interface TaskSnapshot {
  /** `<sub>_<partition>` */
  readonly task: string
  readonly state: string
  readonly inputs: readonly PartitionSnapshot[]
  /** ms UTC; undefined before the first. */
  readonly watermark: number | undefined
  readonly stores: readonly { readonly store: string; readonly entries: number; readonly bytes: number }[]
  /** By node. */
  readonly openWindows: Readonly<Record<string, number>>
  /** Of a sink: read, and not yet durable there. */
  readonly bufferedRows: number
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
  /** Of all inputs, whoever reads them. A transaction that is under way is here too, for the moment that it takes. */
  readonly heldBack: readonly HeldBack[]
  /** Of what this process reads. One that was met just now is here too, for the moment until the registry answers. */
  readonly awaitedSchemas: readonly AwaitedSchema[]
}
