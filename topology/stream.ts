// The DSL as users see it: streams, tables and what can be done with them. Types only; the *-steps.ts files build the graph.
import type { RecordContext } from '../core/stream-record.ts'
import type { KeyAndValue } from '../processors/flat-map.ts'
import type { Entry } from '../processors/group-entries.ts'
import type { OnError, ValueFunction } from '../processors/user-functions.ts'
import type { Rejected } from '../processors/validate.ts'
import type { Exact, Extension, RecordClass } from '../serdes/schema.ts'
import type { Windowed, WindowResult } from '../serdes/windowed.ts'
import type { SinkTable } from '../sinks/sink.ts'
import type { KeyValueStoreDefinition, StoreDefinition, WindowStoreDefinition } from '../state/definitions.ts'
import type { Version, VersionedStore } from '../state/store-definitions.ts'
import type { Fits } from './fits.ts'
import type { DeadLetter, GroupTopic, WritableTopic } from './topic.ts'
import type { TimeWindows } from './windows.ts'

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
  /** Leaves the log. Stands behind a topic and stateless steps only: a row is a function of one committed record. */
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
  /** The newest version of each key wins; `keep` is what the store holds of it. */
  toTable<S, Ver extends Version, R extends Exact<R, S>>(
    store: VersionedStore<K, S, Ver>,
    options: ToTableOptions<V, Ver, R>,
  ): Table<K, V, S>
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
  readonly store: StoreDefinition
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
  count(store: KeyValueStoreDefinition<K, number>, options?: StepOptions): Table<K, number, number>
  /** Begins with the first value. */
  reduce<T>(
    store: KeyValueStoreDefinition<K, T> & Fits<V, T>,
    step: (total: T, value: V) => NoInfer<T>,
    options?: StepOptions,
  ): Table<K, T, T>
  aggregate<A>(store: KeyValueStoreDefinition<K, A>, steps: AddStep<A, V>): Table<K, A, A>
}

export interface WindowedStream<in out K, out V> {
  count(store: WindowStoreDefinition<K, number>, options?: StepOptions): WindowedTable<K, number>
  aggregate<A>(store: WindowStoreDefinition<K, A>, steps: AddStep<A, V>): WindowedTable<K, A>
}

export interface GroupedTable<in out K, out E, in out SK, out V> {
  windowedBy(windows: TimeWindows): WindowedGroupedTable<K, E, SK, V>
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
