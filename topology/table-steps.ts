// Tables as they grow: turned into streams, grouped into other tables, looked up in joins.
import { type Entry, GroupEntries } from '../processors/group-entries.ts'
import type { TaskContext } from '../processors/operator.ts'
import type { RowLookup } from '../processors/row-lookup.ts'
import { TableValues } from '../processors/table-values.ts'
import { binarySerde } from '../serdes/binary-serde.ts'
import { keySerde } from '../serdes/key-serde.ts'
import type { Schema } from '../serdes/schema.ts'
import type { StoreDefinition } from '../state/definitions.ts'
import { GroupedTableSteps } from './grouped-table-steps.ts'
import type { StepGraph } from './step-graph.ts'
import type { Output } from './steps.ts'
import type { GroupedTable, StepOptions, Stream, Table } from './stream.ts'
import { addOperator, type NewStream } from './stream-traits.ts'
import type { GroupTopic } from './topic.ts'

export interface TableTraits<V> {
  readonly graph: StepGraph
  /** Gives TableChange records. */
  readonly output: Output
  readonly anchor: string
  readonly schema: Schema<V> | undefined
}

/** How a join finds a table's rows. */
export interface Rows<in out K, out S> {
  readonly store: StoreDefinition
  /** In the task's store. */
  readonly open: (context: TaskContext) => RowLookup<K, S>
}

export class TableSteps<in out K, out V, in out S> implements Table<K, V, S> {
  readonly kind = 'table'
  readonly traits: TableTraits<V>
  private readonly newStream: NewStream
  readonly rows: Rows<K, S>

  constructor(traits: TableTraits<V>, newStream: NewStream, rows: Rows<K, S>) {
    this.traits = traits
    this.newStream = newStream
    this.rows = rows
  }

  get store(): StoreDefinition {
    return this.rows.store
  }

  toStream(options: StepOptions = {}): Stream<K, V> {
    const output = addOperator(this.traits, 'toStream', options, () => new TableValues())
    return this.newStream<K, V>({ ...this.traits, output, isKeyed: true, isProvisional: false })
  }

  groupBy<K2, E>(
    topic: GroupTopic<K2, E, K, V>,
    entriesOf: (row: S) => readonly Entry<NoInfer<K2>, NoInfer<E>>[],
    options: StepOptions = {},
  ): GroupedTable<K2, E, K, V> {
    const { graph } = this.traits
    const grouping = { entriesOf, key: keySerde(topic.key), entry: binarySerde(topic.entry) }
    const anchored = { ...this.traits, anchor: topic.name }
    const output = addOperator(anchored, 'groupBy', options, (step) => new GroupEntries(step, grouping))
    graph.write({ operation: 'to', anchor: topic.name }, { inputs: [output], topic, use: 'internal' })
    const place = { operation: 'source', anchor: topic.name }
    const step = graph.source(place, { inputs: [], topic, use: 'internal', as: 'stream' })
    return new GroupedTableSteps<K2, E, K, V>({ graph, output: { step, port: 0 }, topic }, this.newStream)
  }
}
