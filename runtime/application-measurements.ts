// The measurements of one application: counted when a commit tells of them, or copied once a second from what a snapshot knows.
import { StreamsError } from '../core/errors.ts'
import { applicationStates, startAtZero } from '../metrics/catalogue.ts'
import { Measurements } from '../metrics/measurements.ts'
import type { CompiledTopology, Subtopology } from '../topology/graph.ts'
import type { NewCount } from './accounting.ts'
import type { PreparedCommit } from './commit-cycle.ts'
import type { Reaction } from './failure-policy.ts'
import { NodeCounters } from './node-counters.ts'
import { NodeObserver } from './node-observer.ts'
import { PartitionGauges } from './partition-gauges.ts'
import { Rebalances } from './rebalances.ts'
import { RestoreProgress } from './restore-progress.ts'
import type { ApplicationSnapshot, NodeSnapshot, TaskSnapshot } from './snapshot.ts'
import { WorkTimes } from './work-times.ts'

const DEAD_LETTER = 'dead_letter:'
const ACCEPTED = new Set(['accepted', 'conflict'])
/** What a deduplicating table does with a record that it does not accept. */
const REFUSED = new Set(['duplicate', 'stale', 'tombstone', 'late', 'null_key', 'skipped'])

export class ApplicationMeasurements {
  readonly commits: { count: number; lastAt: number | undefined } = { count: 0, lastAt: undefined }
  readonly all: Measurements
  readonly nodes: NodeObserver
  readonly rebalances: Rebalances
  readonly restore: RestoreProgress
  readonly times: WorkTimes
  private readonly counters: NodeCounters
  private readonly partitions: PartitionGauges
  private readonly topology: CompiledTopology
  private readonly sink: string

  /** `sink`: the kind of the one where rows go. */
  constructor(measurements: Measurements | undefined, topology: CompiledTopology, sink = 'none') {
    this.all = measurements ?? new Measurements(() => [])
    this.topology = topology
    this.sink = sink
    this.nodes = new NodeObserver(this.all)
    this.rebalances = new Rebalances(this.all, topology)
    this.restore = new RestoreProgress(this.all)
    this.times = new WorkTimes(this.all)
    this.counters = new NodeCounters(this.all, topology)
    this.partitions = new PartitionGauges(this.all)
    for (const name of ['streams_commits_total', 'streams_transactions_total', 'streams_rebalances_total'])
      startAtZero(this.all, name)
    startAtZero(this.all, 'streams_record_e2e_latency_seconds', { sink })
  }

  committed({ commits, produced }: PreparedCommit, tookMs: number, now: number): void {
    this.commits.count++
    this.commits.lastAt = now
    this.all.cell('streams_commits_total', { result: 'ok' }).value++
    this.all.cell('streams_transactions_total', { result: 'commit' }).value++
    this.all.histogram('streams_commit_duration_seconds', { result: 'ok' }).observe(tookMs / 1000)
    this.all.cell('streams_last_commit_timestamp_seconds').value = now / 1000
    for (const [topic, records] of produced) this.all.cell('streams_records_produced_total', { topic }).value += records
    for (const { counted } of commits) this.counters.add(counted, now)
  }

  commitFailed(): void {
    this.all.cell('streams_commits_total', { result: 'error' }).value++
    this.all.cell('streams_transactions_total', { result: 'unknown' }).value++
  }

  fetched(topic: string, bytes: number): void {
    this.all.cell('streams_bytes_consumed_total', { topic }).value += bytes
  }

  failed(error: unknown, reaction: Reaction): void {
    const kind = error instanceof StreamsError ? error.code : 'bug'
    this.all.cell('streams_errors_total', { kind, action: reaction.replaceAll(' ', '_') }).value++
  }

  /** A sink has committed rows that entered the system at these times. */
  rowsWritten(ingestedAt: readonly number[], counted: readonly NewCount[], now: number): void {
    const latency = this.all.histogram('streams_record_e2e_latency_seconds', { sink: this.sink })
    for (const moment of ingestedAt) if (moment > 0) latency.observe(Math.max(0, now - moment) / 1000)
    this.counters.add(counted, now)
  }

  /** Copies what a snapshot knows. `assigned`: names of this process's tasks, open or not. */
  observe(snapshot: ApplicationSnapshot, assigned: ReadonlySet<string>): void {
    const { state: current, tasks } = snapshot
    for (const state of applicationStates)
      this.all.cell('streams_app_state', { state }).value = current === state ? 1 : 0
    this.partitions.observe(snapshot, assigned)
    this.restore.forgetAllBut(assigned)
    this.observeStores(tasks)
    this.observeWaiting(tasks)
    for (const subtopology of this.topology.subtopologies) {
      this.observeWatermark(subtopology, tasks)
      this.observeUnaccounted(subtopology, snapshot.nodes)
    }
  }

  private observeStores(tasks: readonly TaskSnapshot[]): void {
    const stores = tasks.flatMap((task) => task.stores)
    for (const [store, entries] of sums(stores.map(({ store, entries }) => [store, entries])))
      this.all.cell('streams_store_entries', { store }).value = entries
    for (const [store, bytes] of sums(stores.map(({ store, bytes }) => [store, bytes])))
      this.all.cell('streams_store_bytes', { store }).value = bytes
  }

  /** Windows that are not closed, rows that are not written. */
  private observeWaiting(tasks: readonly TaskSnapshot[]): void {
    for (const [node, open] of sums(tasks.flatMap(({ openWindows }) => Object.entries(openWindows))))
      this.all.cell('streams_window_open', { node }).value = open
    this.all.cell('streams_sink_buffered_rows', { sink: this.sink }).value = tasks.reduce(
      (sum, { bufferedRows }) => sum + bufferedRows,
      0,
    )
  }

  /** Behind a source whose records all meet a deduplicating table, every record read has one outcome. */
  private observeUnaccounted({ id, sources }: Subtopology, all: readonly NodeSnapshot[]): void {
    const nodes = all.filter(({ subtopology }) => subtopology === id)
    const counted = nodes.flatMap(({ outcomes }) => Object.entries(outcomes))
    if (!counted.some(([outcome]) => ACCEPTED.has(outcome))) return
    const told = counted
      .filter(([outcome]) => ACCEPTED.has(outcome) || REFUSED.has(outcome) || outcome.startsWith(DEAD_LETTER))
      .reduce((sum, [, count]) => sum + count, 0)
    const topic = sources[0]?.topic.name ?? ''
    this.all.cell('streams_unaccounted_records', { topic }).value = (nodes[0]?.in ?? 0) - told
  }

  /** The slowest task decides how far a sub-topology is complete. */
  private observeWatermark({ id, kind, sources: [source] }: Subtopology, tasks: readonly TaskSnapshot[]): void {
    const own = tasks.filter(({ task }) => task.startsWith(`${id}_`))
    const watermarks = own.flatMap(({ watermark }) => (watermark === undefined ? [] : [watermark]))
    if (kind !== 'stream' || watermarks.length === 0 || source === undefined) return
    this.all.cell('streams_watermark_timestamp_seconds', { node: source.name }).value = Math.min(...watermarks) / 1000
  }
}

function sums(counts: readonly (readonly [string, number])[]): Map<string, number> {
  const totals = new Map<string, number>()
  for (const [name, count] of counts) totals.set(name, (totals.get(name) ?? 0) + count)
  return totals
}
