// Tables as they grow: turned into streams, grouped into other tables, looked up in joins.
import { type Entry, GroupEntries } from '../processors/group-entries.ts'
import { TableValues } from '../processors/table-values.ts'
import { KeyIdentities } from '../processors/windowing/key-identity.ts'
import { binarySerde } from '../serdes/binary-serde.ts'
import { keySerde } from '../serdes/key-serde.ts'
import type { Extension, RecordClass } from '../serdes/schema.ts'
import { GroupedTableSteps } from './grouped-table-steps.ts'
import { addJoinInput } from './join-input-step.ts'
import type { AggregatedTable, GroupedTable, RekeyedStream, StepOptions, Stream, Table, TableRows } from './stream.ts'
import { addOperator, type InputsTraits, type Makers, type TableTraits } from './stream-traits.ts'
import type { GroupTopic } from './topic.ts'

export class TableSteps<in out K, out V, in out S> implements Table<K, V, S> {
  readonly kind = 'table'
  readonly rows: TableRows<K>
  protected readonly traits: TableTraits<V>
  protected readonly makers: Makers

  constructor(traits: TableTraits<V>, makers: Makers, rows: TableRows<K>) {
    this.traits = traits
    this.makers = makers
    this.rows = rows
  }

  toStream(options: StepOptions = {}): Stream<K, V> {
    const output = addOperator(this.traits, 'toStream', options, () => new TableValues())
    return this.makers.stream<K, V>({ ...this.traits, output, isKeyed: true, isProvisional: false })
  }

  groupBy<K2, E>(
    topic: GroupTopic<K2, E, K, V>,
    entriesOf: (row: S) => readonly Entry<NoInfer<K2>, NoInfer<E>>[],
    options: StepOptions = {},
  ): GroupedTable<K2, E, K, V> {
    const { graph, output: table } = this.traits
    const grouping = { entriesOf, keys: new KeyIdentities(keySerde(topic.key)), entry: binarySerde(topic.entry) }
    const anchored = { ...this.traits, anchor: topic.name }
    const grouped = addOperator(anchored, 'groupBy', options, (step) => new GroupEntries(step, grouping))
    graph.write(
      { operation: 'to', anchor: topic.name },
      { inputs: [grouped], topic, use: 'internal', isProvisional: false },
    )
    const place = { operation: 'source', anchor: topic.name }
    const step = graph.source(place, { inputs: [], topic, use: 'internal', as: 'stream' })
    return new GroupedTableSteps<K2, E, K, V>(
      { graph, output: { step, port: 0 }, table, entriesOf, inputSchema: topic.sourceValue },
      this.makers,
    )
  }
}

export class AggregatedTableSteps<in out K, out A, in out SK, out V>
  extends TableSteps<K, A, A>
  implements AggregatedTable<K, A, SK, V>
{
  private readonly inputs: InputsTraits

  constructor(traits: TableTraits<A> & InputsTraits, makers: Makers, rows: TableRows<K>) {
    super(traits, makers, rows)
    this.inputs = traits
  }

  joinInput<Out, R>(
    record: RecordClass<Out> & Extension<V, unknown>,
    fields: (result: A | undefined, input: () => V, key: SK) => R,
    options: StepOptions = {},
  ): RekeyedStream<SK, Out> {
    return addJoinInput(this.inputs, this.makers, record, fields, options)
  }
}
