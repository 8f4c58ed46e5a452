// How often the assignment of this process changes, and how long it takes until all of it runs.
import { type TaskId, taskName } from '../core/topic-partition.ts'
import type { Measurements } from '../metrics/measurements.ts'
import type { CompiledTopology } from '../topology/graph.ts'

export class Rebalances {
  private readonly measurements: Measurements
  private readonly topology: CompiledTopology
  private assigned: readonly TaskId[] | undefined
  private underWay: { readonly reason: string; readonly since: number } | undefined

  constructor(measurements: Measurements, topology: CompiledTopology) {
    this.measurements = measurements
    this.topology = topology
  }

  /** Called after each step of the worker; the same array means that nothing has changed. */
  follow(
    assigned: readonly TaskId[],
    runs: boolean,
    step: { readonly begunAt: number; readonly endedAt: number },
  ): void {
    if (assigned !== this.assigned) this.changed(assigned, step.begunAt)
    if (!runs || this.underWay === undefined) return
    const { reason, since } = this.underWay
    this.underWay = undefined
    this.measurements.histogram('streams_rebalance_duration_seconds', { reason }).observe((step.endedAt - since) / 1000)
  }

  private changed(assigned: readonly TaskId[], now: number): void {
    const reason = this.reasonOf(assigned)
    this.assigned = assigned
    this.measurements.cell('streams_assigned_partitions').value = assigned.reduce(
      (sum, { subtopology }) => sum + (this.topology.subtopologies[subtopology]?.sources.length ?? 0),
      0,
    )
    if (reason === undefined) return
    this.measurements.cell('streams_rebalances_total', { reason }).value++
    this.underWay = { reason, since: now }
  }

  private reasonOf(assigned: readonly TaskId[]): string | undefined {
    if (this.assigned === undefined) return 'start'
    const [before, after] = [this.assigned, assigned].map((tasks) => new Set(tasks.map(taskName)))
    const gained = assigned.some((task) => before?.has(taskName(task)) === false)
    const lost = this.assigned.some((task) => after?.has(taskName(task)) === false)
    if (gained && lost) return 'exchanged'
    return gained ? 'gained' : lost ? 'lost' : undefined
  }
}
