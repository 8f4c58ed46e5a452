// Where the logs of an application's inputs begin and end, as of the last look: for lags, for knowing when all is done,
// and for noticing a transaction that does not end.
import { type TopicPartition, topicPartitionName } from '../core/topic-partition.ts'
import type { Admin, PartitionOffsets } from '../kafka/cluster.ts'
import type { CompiledTopology } from '../topology/graph.ts'
import type { HeldBack } from './snapshot.ts'

export interface LogRange {
  readonly earliest: number
  /** For committed readers. */
  readonly end: number
}

const unknown: LogRange = { earliest: 0, end: 0 }

export class LogEnds {
  private readonly admin: Admin
  readonly inputs: readonly TopicPartition[]
  private readonly ranges = new Map<string, LogRange>()
  private readonly held = new Map<string, HeldBack>()

  constructor(admin: Admin, topology: CompiledTopology) {
    this.admin = admin
    this.inputs = topology.subtopologies.flatMap(({ sources, partitions }) =>
      sources.flatMap(({ topic }) =>
        Array.from({ length: partitions }, (_, partition) => ({ topic: topic.name, partition })),
      ),
    )
  }

  async refresh(now: number): Promise<void> {
    const offsets = await this.admin.offsets(this.inputs)
    this.inputs.forEach((input, i) => {
      const found = offsets[i]
      if (found === undefined) return
      this.ranges.set(topicPartitionName(input), { earliest: found.earliest, end: found.stable })
      this.noteHeldBack(input, found, now)
    })
  }

  /** The partitions where committed readers wait for a transaction, and since when at the same offset. */
  heldBack(): readonly HeldBack[] {
    return [...this.held.values()]
  }

  of(topic: string, partition: number): LogRange {
    return this.ranges.get(topicPartitionName({ topic, partition })) ?? unknown
  }

  /** The last stable offset is where the oldest open transaction begins: as long as it stands still, that one is open. */
  private noteHeldBack(input: TopicPartition, { stable, latest }: PartitionOffsets, now: number): void {
    const name = topicPartitionName(input)
    if (stable >= latest) this.held.delete(name)
    else if (this.held.get(name)?.offset !== stable) this.held.set(name, { ...input, offset: stable, since: now })
  }
}
