// Feeds the measurements of an application: cells are looked up once, and numbers that exist elsewhere are copied once a second.
import { Measurements } from '../metrics/measurements.ts'
import type { CompiledTopology, Subtopology } from '../topology/graph.ts'
import type { ApplicationSnapshot, NodeSnapshot } from './snapshot.ts'
import type { Task } from './task.ts'

const APPLICATION_STATES = ['created', 'restoring', 'running', 'rebalancing', 'paused', 'draining', 'failed'] as const
const DROPS = new Set(['late', 'expired', 'null_key', 'duplicate', 'stale', 'tombstone', 'skipped'])
const ACCEPTED = new Set(['accepted', 'conflict'])
const DEAD_LETTER = 'dead_letter:'
const TABLE_DROPS = ['duplicate', 'stale', 'expired']

export class ApplicationMeasurements {
  readonly commits: { count: number; lastAt: number | undefined } = { count: 0, lastAt: undefined }
  private readonly measurements: Measurements
  private readonly topology: CompiledTopology
  private readonly sinkName: string

  constructor(measurements: Measurements | undefined, topology: CompiledTopology) {
    this.measurements = measurements ?? new Measurements(() => [])
    this.topology = topology
    this.sinkName = topology.name
    this.startAtZero()
  }

  /** A series that appears only with its first event hides that event from a rate. */
  private startAtZero(): void {
    for (const result of ['ok', 'error']) this.measurements.cell('streams_commits_total', { result })
    for (const result of ['commit', 'unknown']) this.measurements.cell('streams_transactions_total', { result })
    this.measurements.histogram('streams_record_e2e_latency_seconds', { sink: this.sinkName })
    for (const { operation, name: node } of this.topology.subtopologies.flatMap(operatorsOf))
      for (const reason of operation === 'toTable' ? TABLE_DROPS : [])
        this.measurements.cell('streams_records_dropped_total', { node, reason })
  }

  committed(tasks: readonly Task[], tookMs: number, now: number): void {
    this.commits.count++
    this.commits.lastAt = now
    this.measurements.cell('streams_commits_total', { result: 'ok' }).value++
    this.measurements.cell('streams_transactions_total', { result: 'commit' }).value++
    this.measurements.histogram('streams_commit_duration_seconds', { result: 'ok' }).observe(tookMs / 1000)
    this.measurements.cell('streams_last_commit_timestamp_seconds').value = now / 1000
    for (const task of tasks)
      for (const { topic } of task.inputs)
        this.measurements.cell('streams_last_input_timestamp_seconds', { topic }).value = now / 1000
  }

  commitFailed(): void {
    this.measurements.cell('streams_commits_total', { result: 'error' }).value++
    this.measurements.cell('streams_transactions_total', { result: 'unknown' }).value++
  }

  /** A sink has committed rows that entered the system at these times. */
  rowsWritten(ingestedAt: readonly number[], now: number): void {
    const latency = this.measurements.histogram('streams_record_e2e_latency_seconds', { sink: this.sinkName })
    for (const moment of ingestedAt) if (moment > 0) latency.observe(Math.max(0, now - moment) / 1000)
  }

  /** Copies what a snapshot knows. */
  observe(snapshot: ApplicationSnapshot): void {
    for (const state of APPLICATION_STATES)
      this.measurements.cell('streams_app_state', { state }).value = snapshot.state === state ? 1 : 0
    for (const node of snapshot.nodes) this.observeNode(node)
    this.observeInputs(snapshot)
    this.observeStores(snapshot)
    this.observeAccounts(snapshot)
  }

  private observeNode({ node, in: received, out, outcomes }: NodeSnapshot): void {
    this.measurements.cell('streams_node_records_total', { node, direction: 'in' }).value = received
    this.measurements.cell('streams_node_records_total', { node, direction: 'out' }).value = out
    for (const [outcome, count] of Object.entries(outcomes)) {
      if (DROPS.has(outcome))
        this.measurements.cell('streams_records_dropped_total', { node, reason: outcome }).value = count
      if (outcome === 'accepted') this.measurements.cell('streams_records_accepted_total', { node }).value = count
      if (outcome === 'conflict') this.measurements.cell('streams_records_conflicting_total', { node }).value = count
    }
  }

  /** The oldest unprocessed record came in after the last processed one: its age is at most that one's. */
  private observeInputs({ tasks, at }: ApplicationSnapshot): void {
    for (const { inputs } of tasks)
      for (const { topic, partition, committed, end, earliest, readUpTo } of inputs) {
        const labels = { topic, partition: String(partition) }
        const lag = end - committed
        this.measurements.cell('streams_consumer_lag_records', labels).value = lag
        this.measurements.cell('streams_consumer_lag_seconds', labels).value =
          lag > 0 && readUpTo !== undefined ? Math.max(0, at - readUpTo) / 1000 : 0
        this.measurements.cell('streams_consumer_committed_offset', labels).value = committed
        this.measurements.cell('streams_consumer_end_offset', labels).value = end
        this.measurements.cell('streams_consumer_beginning_offset', labels).value = earliest
      }
  }

  private observeStores({ tasks }: ApplicationSnapshot): void {
    const sums = new Map<string, { entries: number; bytes: number }>()
    for (const { stores } of tasks)
      for (const { store, entries, bytes } of stores) {
        const sum = sums.get(store) ?? { entries: 0, bytes: 0 }
        sums.set(store, { entries: sum.entries + entries, bytes: sum.bytes + bytes })
      }
    for (const [store, { entries, bytes }] of sums) {
      this.measurements.cell('streams_store_entries', { store }).value = entries
      this.measurements.cell('streams_store_bytes', { store }).value = bytes
    }
  }

  /** Records consumed and dead letters by topic and reason, from what the nodes counted; watermarks from the tasks. */
  private observeAccounts({ nodes, tasks }: ApplicationSnapshot): void {
    for (const { id, sources, kind } of this.topology.subtopologies) {
      for (const { name, topic } of sources)
        this.measurements.cell('streams_records_consumed_total', { topic: topic.name }).value =
          nodes.find(({ node }) => node === name)?.in ?? 0
      const source_topic = sources[0]?.topic.name ?? ''
      for (const [reason, count] of deadLettersOf(nodes.filter(({ subtopology }) => subtopology === id)))
        this.measurements.cell('streams_dlq_records_total', { source_topic, reason }).value = count
      if (kind === 'stream') this.observeWatermark(id, tasks)
      this.observeUnaccounted(
        source_topic,
        nodes.filter(({ subtopology }) => subtopology === id),
      )
    }
  }

  /** Behind a source whose records all meet a deduplicating table, every record read has one outcome. */
  private observeUnaccounted(topic: string, nodes: readonly NodeSnapshot[]): void {
    const counted = nodes.flatMap(({ outcomes }) => Object.entries(outcomes))
    if (!counted.some(([outcome]) => ACCEPTED.has(outcome))) return
    const read = nodes[0]?.in ?? 0
    const told = counted
      .filter(
        ([outcome]) =>
          ACCEPTED.has(outcome) || outcome.startsWith(DEAD_LETTER) || (DROPS.has(outcome) && outcome !== 'expired'),
      )
      .reduce((sum, [, count]) => sum + count, 0)
    this.measurements.cell('streams_unaccounted_records', { topic }).value = read - told
  }

  /** The slowest task decides how far a sub-topology is complete. */
  private observeWatermark(subtopology: number, tasks: ApplicationSnapshot['tasks']): void {
    const own = tasks.filter(({ task }) => task.startsWith(`${subtopology}_`))
    const watermarks = own.flatMap(({ watermark }) => (watermark === undefined ? [] : [watermark]))
    const source = this.topology.subtopologies[subtopology]?.sources[0]
    if (watermarks.length === 0 || source === undefined) return
    this.measurements.cell('streams_watermark_timestamp_seconds', { node: source.name }).value =
      Math.min(...watermarks) / 1000
  }
}

function operatorsOf({ nodes }: Subtopology) {
  return nodes.flatMap((node) => (node.kind === 'operator' ? [node] : []))
}

function deadLettersOf(nodes: readonly NodeSnapshot[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const { outcomes } of nodes)
    for (const [outcome, count] of Object.entries(outcomes)) {
      if (!outcome.startsWith(DEAD_LETTER)) continue
      const reason = outcome.slice(DEAD_LETTER.length)
      counts.set(reason, (counts.get(reason) ?? 0) + count)
    }
  return counts
}
