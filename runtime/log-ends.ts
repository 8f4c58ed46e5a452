// Where the logs of an application's inputs begin and end, as of the last look: for lags and for knowing when all is done.
import type { TopicPartition } from '../core/topic-partition.ts'
import type { Admin } from '../kafka/cluster.ts'
import type { CompiledTopology } from '../topology/graph.ts'

export interface LogRange {
  readonly earliest: number
  /** For committed readers. */
  readonly end: number
}

const unknown: LogRange = { earliest: 0, end: 0 }

export class LogEnds {
  private readonly admin: Admin
  private readonly inputs: readonly TopicPartition[]
  private readonly ranges = new Map<string, LogRange>()

  constructor(admin: Admin, topology: CompiledTopology) {
    this.admin = admin
    this.inputs = topology.subtopologies.flatMap(({ sources, partitions }) =>
      sources.flatMap(({ topic }) =>
        Array.from({ length: partitions }, (_, partition) => ({ topic: topic.name, partition })),
      ),
    )
  }

  async refresh(): Promise<void> {
    const offsets = await this.admin.offsets(this.inputs)
    this.inputs.forEach(({ topic, partition }, i) => {
      const found = offsets[i]
      if (found !== undefined) this.ranges.set(`${topic}-${partition}`, { earliest: found.earliest, end: found.stable })
    })
  }

  of(topic: string, partition: number): LogRange {
    return this.ranges.get(`${topic}-${partition}`) ?? unknown
  }
}
