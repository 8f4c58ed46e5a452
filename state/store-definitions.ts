// Constructors of store definitions; the types they make are in definitions.ts.
import type { OrderedSchema, Schema } from '../serdes/schema.ts'
import type { KeyValueStoreDefinition, SessionStoreDefinition, WindowStoreDefinition } from './definitions.ts'

interface StoreSpec<K, V> {
  readonly key: Schema<K>
  readonly value: Schema<V>
}

/** The latest value of each key: `keyValueStore('wards', { key: neighborhood, value: Ward })`. */
export function keyValueStore<K, V>(name: string, { key, value }: StoreSpec<K, V>): KeyValueStoreDefinition<K, V> {
  return { kind: 'key-value store', name, key, value }
}

/** A value by key and window. */
export function windowStore<K, V>(name: string, { key, value }: StoreSpec<K, V>): WindowStoreDefinition<K, V> {
  return { kind: 'window store', name, key, value }
}

/** The sessions of each key. */
export function sessionStore<K, V>(name: string, { key, value }: StoreSpec<K, V>): SessionStoreDefinition<K, V> {
  return { kind: 'session store', name, key, value }
}

/** What can be a version: numbers, texts, and tuples of them, compared from the left. */
export type Version = string | number | readonly (string | number)[] | readonly []

/** What is kept of the newest version of each key. `toTable` keeps it as a key-value store, with the version and what it has seen beside each value. */
export interface VersionedStore<in out K, in out S, in out Ver> {
  readonly kind: 'versioned store'
  readonly name: string
  readonly key: Schema<K>
  readonly value: Schema<S>
  readonly version: OrderedSchema<Ver>
  /** Makes the definition exact in its types: a store is read and written. */
  readonly exact?: (key: K, value: S, version: Ver) => void
}

interface VersionedStoreSpec<K, S, Ver> extends StoreSpec<K, S> {
  /** Orders the versions of a key. Of a tuple, the first part is the time at which the content changed. */
  readonly version: OrderedSchema<Ver>
}

/** `versionedStore('cases', { key: caseId, value: CountedFacts, version: t.tuple(t.instant, t.string) })` */
export function versionedStore<K, S, Ver extends Version>(
  name: string,
  { key, value, version }: VersionedStoreSpec<K, S, Ver>,
): VersionedStore<K, S, Ver> {
  return { kind: 'versioned store', name, key, value, version }
}
