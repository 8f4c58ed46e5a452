// Store definitions: a name, schemas, and nothing else. Declared once by whoever owns the bytes; the name is the changelog's key prefix for ever.
import type { Schema } from '../serdes/schema.ts'

interface StoreShape<Kind extends string, K, V> {
  readonly kind: Kind
  readonly name: string
  readonly key: Schema<K>
  readonly value: Schema<V>
}

export type KeyValueStoreDefinition<in out K, in out V> = StoreShape<'key-value store', K, V>
export type WindowStoreDefinition<in out K, in out V> = StoreShape<'window store', K, V>
export type SessionStoreDefinition<in out K, in out V> = StoreShape<'session store', K, V>
export type StoreDefinition = {
  readonly kind: 'key-value store' | 'window store' | 'session store'
  readonly name: string
}
