// Store definitions: a name and schemas. Declared once by whoever owns the bytes; the name is the changelog's key prefix for ever.
import type { Schema } from '../serdes/schema.ts'
import type { StartRange } from './backend.ts'

interface StoreShape<out Kind extends string, in out K, in out V> {
  readonly kind: Kind
  readonly name: string
  readonly key: Schema<K>
  readonly value: Schema<V>
  /** Makes the definition exact in both types: a store is read and written. */
  readonly exact?: (key: K, value: V) => void
}

export interface KeyValueStoreDefinition<in out K, in out V> extends StoreShape<'key-value store', K, V> {}
export interface WindowStoreDefinition<in out K, in out V> extends StoreShape<'window store', K, V> {
  readonly startsWithin?: StartsWithin
}
export interface SessionStoreDefinition<in out K, in out V> extends StoreShape<'session store', K, V> {}

/** Where windows begin, as the step that keeps them cuts time: the latest `limit` starts of a range. */
export type StartsWithin = (range: StartRange, limit: number) => readonly number[]

/** Any store, its types forgotten. */
export interface StoreDefinition {
  readonly kind: 'key-value store' | 'window store' | 'session store'
  readonly name: string
  readonly key: Schema<unknown>
  readonly value: Schema<unknown>
  readonly startsWithin?: StartsWithin
}
