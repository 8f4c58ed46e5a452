// Where this process stands in the partitions that it reads. A partition that goes takes its series along: who reads it now tells of it.
import type { TopicPartition } from '../core/topic-partition.ts'
import type { Labels, Measurements } from '../metrics/measurements.ts'
import type { ApplicationSnapshot, PartitionSnapshot } from './snapshot.ts'

const GAUGES = [
  'streams_consumer_lag_records',
  'streams_consumer_lag_seconds',
  'streams_consumer_committed_offset',
  'streams_consumer_end_offset',
  'streams_consumer_beginning_offset',
  'streams_consumer_held_back_seconds',
  'streams_consumer_schema_wait_seconds',
] as const

type ObservedSnapshot = Pick<ApplicationSnapshot, 'tasks' | 'heldBack' | 'awaitedSchemas' | 'at'>

interface Shown {
  readonly task: string
  readonly labels: Labels
}

export class PartitionGauges {
  private readonly measurements: Measurements
  private readonly shown = new Map<string, Shown>()

  constructor(measurements: Measurements) {
    this.measurements = measurements
  }

  /** A task that is assigned and not open keeps its last figures: its lag has not gone away. */
  observe(snapshot: ObservedSnapshot, assigned: ReadonlySet<string>): void {
    for (const { task, inputs } of snapshot.tasks) for (const input of inputs) this.show(task, input, snapshot)
    for (const [name, { task, labels }] of this.shown)
      if (!assigned.has(task)) {
        this.shown.delete(name)
        for (const gauge of GAUGES) this.measurements.drop(gauge, labels)
      }
  }

  /** The oldest unprocessed record came in after the last processed one: its age is at most that one's. */
  private show(task: string, input: PartitionSnapshot, { at, heldBack, awaitedSchemas }: ObservedSnapshot): void {
    const { topic, partition, committed, end, earliest, readUpTo } = input
    const labels = { topic, partition: String(partition) }
    this.shown.set(`${task} ${topic}`, { task, labels })
    const lag = end - committed
    const secondsSince = (moment = at) => Math.max(0, at - moment) / 1000
    const values: Readonly<Record<(typeof GAUGES)[number], number>> = {
      streams_consumer_lag_records: lag,
      streams_consumer_lag_seconds: lag > 0 ? secondsSince(readUpTo) : 0,
      streams_consumer_committed_offset: committed,
      streams_consumer_end_offset: end,
      streams_consumer_beginning_offset: earliest,
      streams_consumer_held_back_seconds: secondsSince(beginOf(heldBack, input)),
      streams_consumer_schema_wait_seconds: secondsSince(beginOf(awaitedSchemas, input)),
    }
    for (const gauge of GAUGES) this.measurements.cell(gauge, labels).value = values[gauge]
  }
}

interface Waiting extends TopicPartition {
  readonly since: number
}

function beginOf(waiting: readonly Waiting[], { topic, partition }: TopicPartition): number | undefined {
  return waiting.find((one) => one.topic === topic && one.partition === partition)?.since
}
