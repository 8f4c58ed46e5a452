// Streams as they grow: each method adds one step to the graph and returns what stands behind it.
import { assert } from '../core/assert.ts'
import { StreamsError } from '../core/errors.ts'
import type { RecordContext } from '../core/stream-record.ts'
import { Enrich } from '../processors/enrich.ts'
import { Filter } from '../processors/filter.ts'
import { FlatMap, type KeyAndValue } from '../processors/flat-map.ts'
import { FlatMapValues } from '../processors/flat-map-values.ts'
import { MapValues } from '../processors/map-values.ts'
import { Merge } from '../processors/merge.ts'
import { Peek } from '../processors/peek.ts'
import { type ProcessorSupplier, ProcessValues } from '../processors/process-values.ts'
import type { StepOfTask } from '../processors/record-operator.ts'
import { SelectKey } from '../processors/select-key.ts'
import { Split } from '../processors/split.ts'
import type { ValueFunction } from '../processors/user-functions.ts'
import { type Rejected, Validate } from '../processors/validate.ts'
import type { Extension, RecordClass } from '../serdes/schema.ts'
import type { Version, VersionedStore } from '../state/store-definitions.ts'
import type { Fits } from './fits.ts'
import { GroupedStreamSteps } from './grouped-stream-steps.ts'
import { extending } from './record-extension.ts'
import type { Output } from './steps.ts'
import type {
  Branches,
  FunctionOptions,
  GlobalTable,
  GroupedStream,
  JoinableTable,
  ProcessValuesOptions,
  RekeyedStream,
  Sinkable,
  StepOptions,
  Stream,
  Table,
  ToTableOptions,
} from './stream.ts'
import { addOperator, type Makers, type StreamTraits } from './stream-traits.ts'
import { addGlobalJoin, addTableJoin } from './table-join-step.ts'
import { AggregatedTableSteps, TableSteps } from './table-steps.ts'
import type { DeadLetter, WritableTopic } from './topic.ts'
import { addVersionedTable } from './versioned-table-step.ts'

export class StreamSteps<in out K, out V> implements Stream<K, V> {
  readonly kind = 'stream'
  readonly traits: StreamTraits<V>

  constructor(traits: StreamTraits<V>) {
    this.traits = traits
  }

  mapValues<Out>(map: ValueFunction<K, V, Out>, options: FunctionOptions = {}): Stream<K, Out> {
    return this.withValues<Out>(addOperator(this.traits, 'mapValues', options, (step) => new MapValues(step, map)))
  }

  flatMapValues<Out>(map: ValueFunction<K, V, readonly Out[]>, options: FunctionOptions = {}): Stream<K, Out> {
    const output = addOperator(this.traits, 'flatMapValues', options, (step) => new FlatMapValues(step, map))
    return this.withValues<Out>(output)
  }

  filter<Out extends V>(
    keep: ((value: V, key: K, place: RecordContext) => value is Out) | ValueFunction<K, V, boolean>,
    options: FunctionOptions = {},
  ): Stream<K, Out> {
    const output = addOperator(this.traits, 'filter', options, (step) => new Filter(step, keep))
    return this.withValues<Out>(output)
  }

  peek(look: ValueFunction<K, V, void>, options: FunctionOptions = {}): Stream<K, V> {
    return this.behind(addOperator(this.traits, 'peek', options, (step) => new Peek(step, look)))
  }

  enrich<Out, R>(
    record: RecordClass<Out> & Extension<V, unknown>,
    fields: ValueFunction<K, V, R>,
    options: FunctionOptions = {},
  ): Stream<K, Out> {
    const extend = extending<V, R, Out>(record)
    const output = addOperator(this.traits, 'enrich', options, (step) => new Enrich(step, fields, extend))
    return new StreamSteps<K, Out>({ ...this.traits, encoded: undefined, output, schema: record })
  }

  map<K2, Out>(map: ValueFunction<K, V, KeyAndValue<K2, Out>>, options: FunctionOptions = {}): RekeyedStream<K2, Out> {
    const mapOne: ValueFunction<K, V, readonly KeyAndValue<K2, Out>[]> = (value, key, place) => [map(value, key, place)]
    return this.rekeyed(addOperator(this.traits, 'map', options, (step) => new FlatMap(step, mapOne)))
  }

  flatMap<K2, Out>(
    map: ValueFunction<K, V, readonly KeyAndValue<K2, Out>[]>,
    options: FunctionOptions = {},
  ): RekeyedStream<K2, Out> {
    return this.rekeyed(addOperator(this.traits, 'flatMap', options, (step) => new FlatMap(step, map)))
  }

  selectKey<K2>(key: ValueFunction<K, V, K2>, options: FunctionOptions = {}): RekeyedStream<K2, V> {
    const output = addOperator(this.traits, 'selectKey', options, (step) => new SelectKey(step, key))
    return new StreamSteps<K2, V>({ ...this.traits, encoded: undefined, output, isKeyed: false })
  }

  merge<V2>(other: RekeyedStream<K, V2>, { name }: StepOptions = {}): Stream<K, V | V2> {
    if (!(other instanceof StreamSteps)) throw new StreamsError('topology', 'merge takes a stream of the same builder')
    const { graph, output, anchor, isKeyed, isProvisional } = this.traits
    const step = graph.operator(
      { operation: 'merge', anchor, explicit: name },
      { inputs: [output, other.traits.output], instantiate: () => new Merge() },
    )
    return new StreamSteps<K, V | V2>({
      graph,
      output: { step, port: 0 },
      anchor,
      schema: undefined,
      isKeyed: isKeyed && other.traits.isKeyed,
      isProvisional: isProvisional || other.traits.isProvisional,
    })
  }

  split<N extends string>(
    branches: Readonly<Record<N, ValueFunction<K, V, boolean>>>,
    options: FunctionOptions = {},
  ): Branches<N, Stream<K, V>> {
    const predicates: readonly [string, ValueFunction<K, V, boolean>][] = Object.entries(branches)
    const names = predicates.map(([name]) => name)
    const wants = predicates.map(([, predicate]) => predicate)
    const { step } = addOperator(this.traits, 'split', options, (of) => new Split(of, wants))
    return {
      branch: (name) => this.behind({ step, port: names.indexOf(name) }),
      rest: this.behind({ step, port: names.length }),
    }
  }

  repartition<K2, T>(
    topic: WritableTopic<K2, T> & Fits<V, T>,
    key: ValueFunction<K, V, NoInfer<K2>>,
    options: FunctionOptions = {},
  ): Stream<K2, V> {
    const { graph, isProvisional, schema } = this.traits
    const output = addOperator(this.traits, 'selectKey', options, (step) => new SelectKey(step, key))
    graph.write({ operation: 'to', anchor: topic.name }, { inputs: [output], topic, use: 'internal', isProvisional })
    const step = graph.source(
      { operation: 'source', anchor: topic.name },
      { inputs: [], topic, use: 'internal', as: 'stream' },
    )
    return new StreamSteps<K2, V>({
      graph,
      output: { step, port: 0 },
      anchor: topic.name,
      schema,
      isKeyed: true,
      isProvisional,
    })
  }

  to<T>(topic: WritableTopic<K, T> & Fits<V, T>, { name }: StepOptions = {}): void {
    const { graph, output, encoded, schema, isProvisional } = this.traits
    const takesBytes = topic.format === 'avro' && topic.value.description === schema?.description
    const input = takesBytes && encoded !== undefined ? encoded : output
    const place = { operation: 'to', anchor: topic.name, explicit: name }
    graph.write(place, { inputs: [input], topic, use: 'external', isProvisional })
  }

  sink<Row, R>(
    table: Sinkable<Row>,
    toRow: (value: V, key: K, place: RecordContext) => R,
    { name }: StepOptions = {},
  ): void {
    const { graph, output } = this.traits
    const plainRow = (value: V, key: K, place: RecordContext) => requireRow(toRow(value, key, place))
    graph.sink({ operation: 'sink', anchor: table.name, explicit: name }, { inputs: [output], table, toRow: plainRow })
  }

  validate<Out>(
    parse: ValueFunction<K, V, Out | Rejected>,
    options: FunctionOptions & { readonly invalid: WritableTopic<K, DeadLetter<V>> },
  ): Stream<K, Out> {
    const { invalid } = options
    const operator = addOperator(this.traits, 'validate', options, (step) => new Validate(step, parse, invalid.name), {
      deadLetters: invalid,
    })
    return this.withValues<Out>(operator)
  }

  toTable<S, Ver extends Version, R>(
    store: VersionedStore<K, S, Ver>,
    options: ToTableOptions<V, Ver, R>,
  ): Table<K, V, S> {
    this.requireKeyed('toTable')
    return addVersionedTable(this.traits, makers, store, options)
  }

  groupByKey(): GroupedStream<K, V> {
    this.requireKeyed('groupByKey')
    return new GroupedStreamSteps<K, V>(this.traits, makers)
  }

  join<V2, Out>(
    table: JoinableTable<K, V2>,
    join: (value: V, row: V2, key: K) => Out,
    options: FunctionOptions = {},
  ): Stream<K, Out> {
    this.requireKeyed('join')
    return this.withValues<Out>(addTableJoin(this.traits, 'join', table, { kind: 'inner', join }, options))
  }

  leftJoin<V2, Out>(
    table: JoinableTable<K, V2>,
    join: (value: V, row: V2 | undefined, key: K) => Out,
    options: FunctionOptions = {},
  ): Stream<K, Out> {
    this.requireKeyed('leftJoin')
    return this.withValues<Out>(addTableJoin(this.traits, 'leftJoin', table, { kind: 'left', join }, options))
  }

  joinGlobal<K2, V2, Out>(
    table: GlobalTable<K2, V2>,
    keyOf: (value: V, key: K) => K2,
    join: (value: V, row: V2, key: K) => Out,
    options: FunctionOptions = {},
  ): Stream<K, Out> {
    const output = addGlobalJoin(this.traits, 'joinGlobal', table, { kind: 'inner', keyOf, join }, options)
    return this.withValues<Out>(output)
  }

  leftJoinGlobal<K2, V2, Out>(
    table: GlobalTable<K2, V2>,
    keyOf: (value: V, key: K) => K2 | undefined,
    join: (value: V, row: V2 | undefined, key: K) => Out,
    options: FunctionOptions = {},
  ): Stream<K, Out> {
    const output = addGlobalJoin(this.traits, 'leftJoinGlobal', table, { kind: 'left', keyOf, join }, options)
    return this.withValues<Out>(output)
  }

  processValues<Out>(supplier: ProcessorSupplier<K, V, Out>, options: ProcessValuesOptions): Stream<K, Out> {
    const { stores } = options
    if (stores.length > 0) this.requireKeyed('processValues with stores')
    const operator = (step: StepOfTask) => new ProcessValues(step, supplier)
    return this.withValues<Out>(addOperator(this.traits, 'processValues', options, operator, { stores }))
  }

  private requireKeyed(operation: string): void {
    if (this.traits.isKeyed) return
    const message = `${operation} needs records in the partition of their key: call repartition after the step that changed the key`
    throw new StreamsError('topology', message)
  }

  private behind(output: Output): Stream<K, V> {
    return new StreamSteps<K, V>({ ...this.traits, encoded: undefined, output })
  }

  private withValues<Out>(output: Output): Stream<K, Out> {
    return new StreamSteps<K, Out>({ ...this.traits, encoded: undefined, output, schema: undefined })
  }

  private rekeyed<K2, Out>(output: Output): RekeyedStream<K2, Out> {
    return new StreamSteps<K2, Out>({ ...this.traits, encoded: undefined, output, schema: undefined, isKeyed: false })
  }
}

export const makers: Makers = {
  stream: (traits) => new StreamSteps(traits),
  table: (traits, rows) => new TableSteps(traits, makers, rows),
  aggregated: (traits, rows) => new AggregatedTableSteps(traits, makers, rows),
}

function requireRow(row: unknown): Readonly<Record<string, unknown>> {
  assert(isRow(row), 'a row is an object with a value for each column')
  return row
}

function isRow(row: unknown): row is Readonly<Record<string, unknown>> {
  return typeof row === 'object' && row !== null
}
