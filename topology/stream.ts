// The DSL as users see it: streams, tables and what can be done with them. Types only; the *-steps.ts files build the graph.
import type { RecordContext } from '../core/stream-record.ts'
import type { KeyAndValue } from '../processors/flat-map.ts'
import type { Entry } from '../processors/group-entries.ts'
import type { TaskContext } from '../processors/operator.ts'
import type { ProcessorSupplier } from '../processors/process-values.ts'
import type { RowLookup } from '../processors/row-lookup.ts'
import type { OnError, ValueFunction } from '../processors/user-functions.ts'
import type { Rejected } from '../processors/validate.ts'
import type { Exact, Extension, RecordClass } from '../serdes/schema.ts'
import type { Windowed, WindowResult } from '../serdes/windowed.ts'
import type { SinkTable } from '../sinks/sink.ts'
import type {
  KeyValueStoreDefinition,
  SessionStoreDefinition,
  StoreDefinition,
  WindowStoreDefinition,
} from '../state/definitions.ts'
import type { Version, VersionedStore } from '../state/store-definitions.ts'
import type { Fits } from './fits.ts'
import type { DeadLetter, GroupTopic, WritableTopic } from './topic.ts'
import type { SessionWindows, TimeWindows } from './windows.ts'

export interface StepOptions {
  /** In drawings and as label of metrics; default: the operation and the nearest topic or store. */
  readonly name?: string
}

export interface FunctionOptions extends StepOptions {
  /** What happens to a record whose function throws: the worker stops (default), the record is skipped and counted, or it becomes a dead letter. */
  readonly onError?: OnError
}

/** A table of rows elsewhere, e.g. in Postgres. */
export interface Sinkable<in out Row> extends SinkTable {
  readonly accepts: (row: Row) => void
}

export interface Branches<in N extends string, out S> {
  branch(name: N): S
  readonly rest: S
}

/** A stream whose partition does not follow its key (after selectKey, joinInput): stateless steps only, until `repartition`. */
export interface RekeyedStream<in out K, out V> {
  mapValues<Out>(map: ValueFunction<K, V, Out>, options?: FunctionOptions): RekeyedStream<K, Out>
  flatMapValues<Out>(map: ValueFunction<K, V, readonly Out[]>, options?: FunctionOptions): RekeyedStream<K, Out>
  filter<Out extends V>(
    keep: (value: V, key: K, place: RecordContext) => value is Out,
    options?: FunctionOptions,
  ): RekeyedStream<K, Out>
  filter(keep: ValueFunction<K, V, boolean>, options?: FunctionOptions): RekeyedStream<K, V>
  peek(look: ValueFunction<K, V, void>, options?: FunctionOptions): RekeyedStream<K, V>
  map<K2, Out>(map: ValueFunction<K, V, KeyAndValue<K2, Out>>, options?: FunctionOptions): RekeyedStream<K2, Out>
  flatMap<K2, Out>(
    map: ValueFunction<K, V, readonly KeyAndValue<K2, Out>[]>,
    options?: FunctionOptions,
  ): RekeyedStream<K2, Out>
  selectKey<K2>(key: ValueFunction<K, V, K2>, options?: FunctionOptions): RekeyedStream<K2, V>
  merge<V2>(other: RekeyedStream<K, V2>, options?: StepOptions): RekeyedStream<K, V | V2>
  /** Each record goes to the first branch that wants it, or to the rest. */
  split<N extends string>(
    branches: Readonly<Record<N, ValueFunction<K, V, boolean>>>,
    options?: FunctionOptions,
  ): Branches<N, RekeyedStream<K, V>>
  /** Through a topic of the application's own, so that records meet those of the same key. */
  repartition<K2, T>(
    topic: WritableTopic<K2, T> & Fits<V, T>,
    key: ValueFunction<K, V, NoInfer<K2>>,
    options?: FunctionOptions,
  ): Stream<K2, V>
  to<T>(topic: WritableTopic<K, T> & Fits<V, T>, options?: StepOptions): void
  /**
   * Leaves the log. Stands behind a topic and stateless steps only: a row is a function of one committed record.
   * For a record without a value `toRow` is asked only when the table takes deletes; then `value` is undefined.
   */
  sink<Row, R extends Exact<R, Row>>(
    table: Sinkable<Row>,
    toRow: (value: V, key: K, place: RecordContext) => R,
    options?: StepOptions,
  ): void
}

/** Records with a key, in the partition of their key. */
export interface Stream<in out K, out V> extends RekeyedStream<K, V> {
  readonly kind: 'stream'
  mapValues<Out>(map: ValueFunction<K, V, Out>, options?: FunctionOptions): Stream<K, Out>
  flatMapValues<Out>(map: ValueFunction<K, V, readonly Out[]>, options?: FunctionOptions): Stream<K, Out>
  filter<Out extends V>(
    keep: (value: V, key: K, place: RecordContext) => value is Out,
    options?: FunctionOptions,
  ): Stream<K, Out>
  filter(keep: ValueFunction<K, V, boolean>, options?: FunctionOptions): Stream<K, V>
  peek(look: ValueFunction<K, V, void>, options?: FunctionOptions): Stream<K, V>
  /** Only the new fields are returned; the rest is the record that comes in. */
  enrich<Out, E, R extends Exact<R, E>>(
    record: RecordClass<Out> & Extension<V, E>,
    fields: ValueFunction<K, V, R>,
    options?: FunctionOptions,
  ): Stream<K, Out>
  merge<V2>(other: Stream<K, V2>, options?: StepOptions): Stream<K, V | V2>
  merge<V2>(other: RekeyedStream<K, V2>, options?: StepOptions): RekeyedStream<K, V | V2>
  split<N extends string>(
    branches: Readonly<Record<N, ValueFunction<K, V, boolean>>>,
    options?: FunctionOptions,
  ): Branches<N, Stream<K, V>>
  /** What `parse` rejects goes to `invalid`, byte for byte as it came. */
  validate<Out>(
    parse: ValueFunction<K, V, Out | Rejected>,
    options: FunctionOptions & { readonly invalid: WritableTopic<K, DeadLetter<V>> },
  ): Stream<K, Out>
  groupByKey(): GroupedStream<K, V>
  /** The newest version of each key wins; `keep` is what the store holds of it. */
  toTable<S, Ver extends Version, R extends Exact<R, S>>(
    store: VersionedStore<K, S, Ver>,
    options: ToTableOptions<V, Ver, R>,
  ): Table<K, V, S>
  /** Each record with its key's row; those without one end here. */
  join<V2, Out>(
    table: JoinableTable<K, V2>,
    join: (value: V, row: V2, key: K) => Out,
    options?: FunctionOptions,
  ): Stream<K, Out>
  leftJoin<V2, Out>(
    table: JoinableTable<K, V2>,
    join: (value: V, row: V2 | undefined, key: K) => Out,
    options?: FunctionOptions,
  ): Stream<K, Out>
  /** Each record with a row of a global table, found by `keyOf`. */
  joinGlobal<K2, V2, Out>(
    table: GlobalTable<K2, V2>,
    keyOf: (value: V, key: K) => NoInfer<K2>,
    join: (value: V, row: V2, key: K) => Out,
    options?: FunctionOptions,
  ): Stream<K, Out>
  leftJoinGlobal<K2, V2, Out>(
    table: GlobalTable<K2, V2>,
    keyOf: (value: V, key: K) => NoInfer<K2> | undefined,
    join: (value: V, row: V2 | undefined, key: K) => Out,
    options?: FunctionOptions,
  ): Stream<K, Out>
  /** A processor of one's own, with stores and punctuations. `supplier` is called once a task. */
  processValues<Out>(supplier: ProcessorSupplier<K, V, Out>, options: ProcessValuesOptions): Stream<K, Out>
}

export interface ProcessValuesOptions extends FunctionOptions {
  /** All stores that the processor opens. */
  readonly stores: readonly StoreDefinition[]
}

export interface ToTableOptions<in V, Ver, R> extends StepOptions {
  readonly version: (value: V) => NoInfer<Ver>
  readonly keep: (value: V) => R
  /** What makes two versions the same; default: the whole value. */
  readonly content?: (value: V) => string | Buffer
}

/** A table that streams of the same key can be joined with. */
export interface JoinableTable<in out K, out S> {
  readonly kind: 'table'
  readonly rows: TableRows<K>
  /** Carries the type; never called. */
  readonly rowOf?: (key: K) => S
}

/** How a join finds a table's rows in the task that both run in. */
export interface TableRows<in K> {
  readonly store: StoreDefinition
  readonly open: (context: TaskContext) => RowLookup<K>
}

/** A table that every worker holds whole: joined by any key. */
export interface GlobalTable<in out K, out S> {
  readonly kind: 'global table'
  /** Its source topic. */
  readonly topic: string
  /** Carries the types; never called. */
  readonly rowOf?: (key: K) => S
}

/** The latest value of each key. `V` is what passes by, `S` what is kept and can be read again or taken back. */
export interface Table<in out K, out V, in out S> extends JoinableTable<K, S> {
  toStream(options?: StepOptions): Stream<K, V>
  /** What each row adds to which group: the engine takes back what the row's previous version added. */
  groupBy<K2, E>(
    topic: GroupTopic<K2, E, K, V>,
    entries: (row: S) => readonly Entry<NoInfer<K2>, NoInfer<E>>[],
    options?: StepOptions,
  ): GroupedTable<K2, E, K, V>
}

export interface AddStep<A, V> extends StepOptions {
  readonly initial: NoInfer<A>
  readonly add: (total: A, value: V) => NoInfer<A>
  /** What must hold of every result at a commit; one that breaks it is a bug and stops the worker. */
  readonly valid?: (result: A) => boolean
}

export interface AddAndSubtractSteps<A, E> extends AddStep<A, E> {
  /** The inverse of `add`. */
  readonly subtract: (total: A, value: E) => NoInfer<A>
}

export interface GroupedStream<in out K, out V> {
  windowedBy(windows: TimeWindows): WindowedStream<K, V>
  windowedBy(windows: SessionWindows): SessionedStream<K, V>
  count(store: KeyValueStoreDefinition<K, number>, options?: StepOptions): Table<K, number, number>
  /** `total` is undefined for a key's first value. */
  reduce<A>(
    store: KeyValueStoreDefinition<K, A>,
    step: (total: A | undefined, value: V) => NoInfer<A>,
    options?: StepOptions,
  ): Table<K, A, A>
  aggregate<A>(store: KeyValueStoreDefinition<K, A>, steps: AddStep<A, V>): Table<K, A, A>
}

export interface WindowedStream<in out K, out V> {
  count(store: WindowStoreDefinition<K, number>, options?: StepOptions): WindowedTable<K, number>
  aggregate<A>(store: WindowStoreDefinition<K, A>, steps: AddStep<A, V>): WindowedTable<K, A>
}

export interface AddAndMergeSteps<A, V> extends AddStep<A, V> {
  /** Of two sessions that a record joined. */
  readonly merge: (one: A, other: A) => NoInfer<A>
}

export interface SessionedStream<in out K, out V> {
  count(store: SessionStoreDefinition<K, number>, options?: StepOptions): WindowedTable<K, number>
  aggregate<A>(store: SessionStoreDefinition<K, A>, steps: AddAndMergeSteps<A, V>): WindowedTable<K, A>
}

export interface GroupedTable<in out K, out E, in out SK, out V> {
  windowedBy(windows: TimeWindows): WindowedGroupedTable<K, E, SK, V>
  aggregate<A>(store: KeyValueStoreDefinition<K, A>, steps: AddAndSubtractSteps<A, E>): AggregatedTable<K, A, SK, V>
}

export interface WindowedGroupedTable<in out K, out E, in out SK, out V> {
  aggregate<A>(
    store: WindowStoreDefinition<K, A>,
    steps: AddAndSubtractSteps<A, E>,
  ): WindowedAggregatedTable<K, A, SK, V>
}

export interface WindowedTable<in out K, out A> {
  readonly kind: 'windowed table'
  toStream(options?: StepOptions): Stream<Windowed<K>, WindowResult<A>>
}

/** Gives back each source record, under its own key, with a result it had a part in. */
interface JoinsInput<out A, in out SK, out V> {
  /** `result` is that of the input's first entry just after it was counted; undefined: there is none (any more). The input is decoded only when asked for. */
  joinInput<Out, E, R extends Exact<R, E>>(
    record: RecordClass<Out> & Extension<V, E>,
    fields: (result: A | undefined, input: () => V, key: SK) => R,
    options?: StepOptions,
  ): RekeyedStream<SK, Out>
}

export interface WindowedAggregatedTable<in out K, out A, in out SK, out V>
  extends WindowedTable<K, A>,
    JoinsInput<A, SK, V> {}
export interface AggregatedTable<in out K, in out A, in out SK, out V> extends Table<K, A, A>, JoinsInput<A, SK, V> {}
