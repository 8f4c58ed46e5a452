// processValues: a user's own processor with stores and punctuations.
// Which keys of its stores a record needs is declared before the batch is loaded; reading any other key throws, since it would wait in the middle of a batch.
import { StreamsError } from '../core/errors.ts'
import { type RecordContext, StreamRecord } from '../core/stream-record.ts'
import type { KeyValueStoreDefinition } from '../state/definitions.ts'
import type { KeyValueStore } from '../state/task-stores.ts'
import type { OpenSpan, Outputs, Progress } from './operator.ts'
import { port } from './outputs.ts'
import { RecordOperator, type StepOfTask } from './record-operator.ts'

/** A store as a processor sees it. */
export interface DeclaredStore<K, V> {
  /** In `keys`: this record will read the key. */
  declare(key: K): void
  /** @throws StreamsError `undeclared_key` */
  get(key: K): V | undefined
  put(key: K, value: V): void
  delete(key: K): void
  /** In a punctuation: makes these keys readable. */
  load(keys: readonly K[]): Promise<void>
  /** In a punctuation: visits everything, unordered. */
  scan(visit: (key: K, value: V) => void): Promise<void>
}

export interface ProcessorContext {
  keyValue<K, V>(definition: KeyValueStoreDefinition<K, V>): DeclaredStore<K, V>
}

/** Sends on; in a punctuation under any key of this task's partition. */
export type EmitUnder<K, Out> = (key: K, value: Out) => void

export interface Punctuation<K, Out> {
  readonly everyMs: number
  /** `time`: the multiple of `everyMs` that was reached, ms UTC. */
  readonly run: (time: number, emit: EmitUnder<K, Out>) => Promise<void> | void
}

export interface ValueProcessor<K, V, Out> {
  /** Calls `declare` on the stores for every key that `process` may read. */
  readonly keys?: (value: V, key: K) => void
  readonly process: (value: V, key: K, emit: (value: Out) => void, place: RecordContext) => void
  /** When the task's watermark passes a multiple; once, however many it has passed. The same in every replay. */
  readonly onEventTime?: Punctuation<K, Out>
  /** By the wall clock: not the same in a replay. */
  readonly onWallClock?: Punctuation<K, Out>
}

/** What users write: called once a task. */
export type ProcessorSupplier<K, V, Out> = (context: ProcessorContext) => ValueProcessor<K, V, Out>

export class ProcessValues<K, V, Out> extends RecordOperator<K, V> {
  private readonly stores: LoadableStore[] = []
  private readonly processor: ValueProcessor<K, V, Out>
  private eventTime = Number.NEGATIVE_INFINITY
  private wallClock = Number.NEGATIVE_INFINITY

  constructor(step: StepOfTask, supplier: ProcessorSupplier<K, V, Out>) {
    super(step)
    this.processor = supplier({ keyValue: (definition) => this.open(definition) })
  }

  prepare(batch: readonly StreamRecord<K, V>[]): Promise<void> | undefined {
    const { keys } = this.processor
    for (const store of this.stores) store.forget()
    if (keys !== undefined) for (const { key, value } of batch) if (value !== undefined) keys(value, key)
    const loading = this.stores.flatMap((store) => store.loadDeclared() ?? [])
    return loading.length === 0 ? undefined : Promise.all(loading).then(() => undefined)
  }

  async advance(watermark: number, outputs: Outputs): Promise<Progress> {
    const { onEventTime } = this.processor
    if (onEventTime === undefined) return 'done'
    const before = this.eventTime
    this.eventTime = multipleOf(onEventTime.everyMs, watermark)
    if (this.eventTime > before) await this.punctuate(onEventTime, this.eventTime, outputs)
    return 'done'
  }

  async tick(now: number, outputs: Outputs): Promise<void> {
    const { onWallClock } = this.processor
    if (onWallClock === undefined) return
    const before = this.wallClock
    this.wallClock = multipleOf(onWallClock.everyMs, now)
    if (this.wallClock > before) await this.punctuate(onWallClock, this.wallClock, outputs)
  }

  /** A punctuation that was reached before a restart is not run again. */
  async restore(_: OpenSpan | null | undefined, advancedTo: number): Promise<void> {
    const { onEventTime } = this.processor
    if (onEventTime !== undefined && Number.isFinite(advancedTo))
      this.eventTime = multipleOf(onEventTime.everyMs, advancedTo)
  }

  protected override take(record: StreamRecord<K, V>, outputs: Outputs): void {
    if (record.value === undefined) {
      this.context.count(this.node, 'tombstone')
      return
    }
    const out = port(outputs)
    const emit = (value: Out) => void out.push(record.withValue(value))
    this.processor.process(record.value, record.key, emit, this.place.of(record))
  }

  private async punctuate({ run }: Punctuation<K, Out>, time: number, outputs: Outputs): Promise<void> {
    for (const store of this.stores) store.forget()
    const out = port(outputs)
    const clock = Math.max(this.context.watermark(), 0)
    await run(time, (key, value) => void out.push(StreamRecord.of(key, value, clock, clock, 0, -1)))
  }

  private open<SK, SV>(definition: KeyValueStoreDefinition<SK, SV>): DeclaredStore<SK, SV> {
    const store = new CheckedStore(this.node, definition.name, this.context.stores.keyValue(definition))
    this.stores.push(store)
    return store
  }
}

function multipleOf(everyMs: number, time: number): number {
  return Math.floor(time / everyMs) * everyMs
}

interface LoadableStore {
  forget(): void
  loadDeclared(): Promise<void> | undefined
}

/** Knows which keys may be read; keys that are not texts or numbers are compared as JSON. */
class CheckedStore<K, V> implements DeclaredStore<K, V>, LoadableStore {
  private readonly node: string
  private readonly name: string
  private readonly store: KeyValueStore<K, V>
  private readonly declared = new Map<unknown, K>()

  constructor(node: string, name: string, store: KeyValueStore<K, V>) {
    this.node = node
    this.name = name
    this.store = store
  }

  declare(key: K): void {
    this.declared.set(identityOf(key), key)
  }

  get(key: K): V | undefined {
    if (this.declared.has(identityOf(key))) return this.store.get(key)
    throw new StreamsError('undeclared_key', `${this.node} reads a key of ${this.name} that its keys() did not declare`)
  }

  put(key: K, value: V): void {
    this.store.put(key, value)
    this.declare(key)
  }

  delete(key: K): void {
    this.store.delete(key)
    this.declare(key)
  }

  async load(keys: readonly K[]): Promise<void> {
    for (const key of keys) this.declare(key)
    await this.store.load([...this.declared.values()])
  }

  scan(visit: (key: K, value: V) => void): Promise<void> {
    return this.store.scan(visit)
  }

  forget(): void {
    this.declared.clear()
  }

  loadDeclared(): Promise<void> | undefined {
    return this.declared.size === 0 ? undefined : this.store.load([...this.declared.values()])
  }
}

function identityOf(key: unknown): unknown {
  return typeof key === 'object' ? JSON.stringify(key) : key
}
