// The counters of nodes and topics. They take what a commit has made certain, once: each record is counted by the process that committed it, and
// by no other, so that a task that moves neither falls out of a rate nor comes in as a burst.
import { dropReasons, startAtZero } from '../metrics/catalogue.ts'
import type { Cell, Measurements } from '../metrics/measurements.ts'
import type { CompiledTopology, Subtopology } from '../topology/graph.ts'
import type { NewCount } from './accounting.ts'

const DEAD_LETTER = 'dead_letter:'
const TABLE_DROPS = ['duplicate', 'stale', 'tombstone']
const drops = new Set(dropReasons)

export class NodeCounters {
  private readonly measurements: Measurements
  /** By node: the topic that its sub-topology reads first. */
  private readonly sourceTopics = new Map<string, string>()
  /** By source node: the topic that it reads. */
  private readonly topics = new Map<string, string>()

  constructor(measurements: Measurements, { subtopologies }: CompiledTopology) {
    this.measurements = measurements
    for (const subtopology of subtopologies) this.know(subtopology)
  }

  add(counted: readonly NewCount[], now: number): void {
    for (const count of counted) {
      this.cellOf(count).value += count.by
      const topic = this.topics.get(count.node)
      if (topic === undefined || count.what !== 'in') continue
      this.measurements.cell('streams_records_consumed_total', { topic }).value += count.by
      this.measurements.cell('streams_last_input_timestamp_seconds', { topic }).value = now / 1000
    }
  }

  private cellOf({ node, what }: NewCount): Cell {
    if (what === 'in' || what === 'out')
      return this.measurements.cell('streams_node_records_total', { node, direction: what })
    if (what === 'accepted') return this.measurements.cell('streams_records_accepted_total', { node })
    if (what === 'conflict') return this.measurements.cell('streams_records_conflicting_total', { node })
    if (drops.has(what)) return this.measurements.cell('streams_records_dropped_total', { node, reason: what })
    const reason = what.slice(DEAD_LETTER.length)
    const source_topic = this.sourceTopics.get(node) ?? ''
    return this.measurements.cell('streams_dlq_records_total', { source_topic, reason })
  }

  /** A series that appears only with its first event hides that event from a rate. */
  private know({ sources, nodes }: Subtopology): void {
    for (const { name: node, topic } of sources) {
      this.topics.set(node, topic.name)
      startAtZero(this.measurements, 'streams_records_consumed_total', { topic: topic.name })
    }
    for (const { name: node } of [...sources, ...nodes]) {
      this.sourceTopics.set(node, sources[0]?.topic.name ?? '')
      startAtZero(this.measurements, 'streams_node_records_total', { node })
    }
    for (const node of nodes) if (node.kind === 'operator' && node.operation === 'toTable') this.knowTable(node.name)
  }

  private knowTable(node: string): void {
    startAtZero(this.measurements, 'streams_records_accepted_total', { node })
    startAtZero(this.measurements, 'streams_records_conflicting_total', { node })
    for (const reason of TABLE_DROPS) startAtZero(this.measurements, 'streams_records_dropped_total', { node, reason })
  }
}
