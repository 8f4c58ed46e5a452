// Wires aggregates to their stores: the form in which results are kept, what counts as no result, and how keys are told apart.
import { ByteWriter } from '../core/byte-writer.ts'
import type { AggregateState } from '../processors/aggregate-state.ts'
import { KeyResults } from '../processors/key-results.ts'
import type { TaskContext } from '../processors/operator.ts'
import { StoredRows } from '../processors/row-lookup.ts'
import { KeyIdentities } from '../processors/windowing/key-identity.ts'
import { WindowResults } from '../processors/windowing/window-results.ts'
import type { WindowState } from '../processors/windowing/window-state.ts'
import { startsWithin } from '../processors/windowing/windowing.ts'
import { binarySerde } from '../serdes/binary-serde.ts'
import { keySerde } from '../serdes/key-serde.ts'
import type { Schema } from '../serdes/schema.ts'
import type { KeyValueStoreDefinition, SessionStoreDefinition, WindowStoreDefinition } from '../state/definitions.ts'
import { keyValueStore, sessionStore, windowStore } from '../state/store-definitions.ts'
import { aggregateState, windowState } from './stored-values.ts'
import type { TableRows } from './stream.ts'
import type { TimeWindows } from './windows.ts'

type Stored<K, A> = KeyValueStoreDefinition<K, AggregateState<A>>
type StoredWindows<K, A> = WindowStoreDefinition<K, WindowState<A>>
type StoredSessions<K, A> = SessionStoreDefinition<K, WindowState<A>>

/** The store as it is kept: each result with its times and, of windows, how far it has been sent. */
export function storedResults<K, A>({ name, key, value }: KeyValueStoreDefinition<K, A>): Stored<K, A> {
  return keyValueStore(name, { key, value: aggregateState(value) })
}

export function storedWindows<K, A>(
  { name, key, value }: WindowStoreDefinition<K, A>,
  { windowing }: TimeWindows,
): StoredWindows<K, A> {
  const stored = windowStore(name, { key, value: windowState(value) })
  return { ...stored, startsWithin: (range, limit) => startsWithin(windowing, range, limit) }
}

export function storedSessions<K, A>({ name, key, value }: SessionStoreDefinition<K, A>): StoredSessions<K, A> {
  return sessionStore(name, { key, value: windowState(value) })
}

export function rowsOf<K, A>(store: Stored<K, A>): TableRows<K> {
  return { store, open: ({ stores }) => new StoredRows(stores.keyValue(store), ({ value }) => value) }
}

export function identitiesOf<K>(key: Schema<K>): KeyIdentities<K> {
  return new KeyIdentities(keySerde(key))
}

export interface WindowResultsSpec<K, A> {
  /** As the user declared it. */
  readonly definition: WindowStoreDefinition<K, A>
  readonly stored: StoredWindows<K, A>
  readonly windows: TimeWindows
  readonly initial: A
  readonly valid: ((result: A) => boolean) | undefined
}

export function windowResults<K, A>(context: TaskContext, spec: WindowResultsSpec<K, A>): WindowResults<K, A> {
  const { definition, stored, windows, initial, valid } = spec
  const { windowing, graceMs, emit } = windows
  return new WindowResults(context, context.stores.window(stored), identitiesOf(stored.key), {
    windowing,
    graceMs,
    emit,
    initial,
    isInitial: equalTo(initial, definition.value),
    isValid: valid ?? (() => true),
  })
}

export interface KeyResultsSpec<K, A> {
  readonly definition: KeyValueStoreDefinition<K, A>
  readonly stored: Stored<K, A>
  /** Undefined: there is no such result, as with `reduce`. */
  readonly initial: A | undefined
  readonly valid: ((result: A) => boolean) | undefined
}

export function keyResults<K, A>({ stores }: TaskContext, spec: KeyResultsSpec<K, A>): KeyResults<K, A> {
  const { definition, stored, initial, valid } = spec
  return new KeyResults(stores.keyValue(stored), identitiesOf(stored.key), {
    isInitial: initial === undefined ? () => false : equalTo(initial, definition.value),
    isValid: valid ?? (() => true),
  })
}

/** Whether a value has the same bytes as `expected`. */
export function equalTo<A>(expected: A, schema: Schema<A>): (value: A) => boolean {
  const serde = binarySerde(schema)
  const scratch = new ByteWriter(256)
  serde.write(expected, scratch)
  const bytes = scratch.copy()
  return (value) => {
    if (value === expected) return true
    scratch.reset()
    serde.write(value, scratch)
    return scratch.position === bytes.length && bytes.compare(scratch.buffer, 0, scratch.position) === 0
  }
}
