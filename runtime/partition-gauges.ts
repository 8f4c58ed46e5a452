// Where this process stands in the partitions that it reads. A partition that goes takes its series along: who reads it now tells of it.
import type { Labels, Measurements } from '../metrics/measurements.ts'
import type { HeldBack, PartitionSnapshot, TaskSnapshot } from './snapshot.ts'

const GAUGES = [
  'streams_consumer_lag_records',
  'streams_consumer_lag_seconds',
  'streams_consumer_committed_offset',
  'streams_consumer_end_offset',
  'streams_consumer_beginning_offset',
  'streams_consumer_held_back_seconds',
] as const

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
  observe(
    tasks: readonly TaskSnapshot[],
    heldBack: readonly HeldBack[],
    { assigned, at }: { readonly assigned: ReadonlySet<string>; readonly at: number },
  ): void {
    for (const { task, inputs } of tasks)
      for (const input of inputs) {
        const since = heldBack.find(
          ({ topic, partition }) => topic === input.topic && partition === input.partition,
        )?.since
        this.show(task, input, at, since)
      }
    for (const [name, { task, labels }] of this.shown)
      if (!assigned.has(task)) {
        this.shown.delete(name)
        for (const gauge of GAUGES) this.measurements.drop(gauge, labels)
      }
  }

  /** The oldest unprocessed record came in after the last processed one: its age is at most that one's. */
  private show(task: string, input: PartitionSnapshot, at: number, heldBackSince: number | undefined): void {
    const { topic, partition, committed, end, earliest, readUpTo } = input
    const labels = { topic, partition: String(partition) }
    this.shown.set(`${task} ${topic}`, { task, labels })
    const lag = end - committed
    const values: Readonly<Record<(typeof GAUGES)[number], number>> = {
      streams_consumer_lag_records: lag,
      streams_consumer_lag_seconds: lag > 0 && readUpTo !== undefined ? Math.max(0, at - readUpTo) / 1000 : 0,
      streams_consumer_committed_offset: committed,
      streams_consumer_end_offset: end,
      streams_consumer_beginning_offset: earliest,
      streams_consumer_held_back_seconds: heldBackSince === undefined ? 0 : Math.max(0, at - heldBackSince) / 1000,
    }
    for (const gauge of GAUGES) this.measurements.cell(gauge, labels).value = values[gauge]
  }
}
