// Contract stub; replaced. The stores of one task: typed access for operators, one write buffer, what a commit writes.

import type { Changes, TaskState } from './backend.ts'
import type {
  KeyValueStoreDefinition,
  SessionStoreDefinition,
  StoreDefinition,
  WindowStoreDefinition,
} from './definitions.ts'

export interface KeyValueStore<K, V> {
  /** Makes these keys readable; a promise only where the backend must be asked. */
  load(keys: readonly K[]): Promise<void> | undefined
  /** Newest value, written in this task or loaded. */
  get(key: K): V | undefined
  put(key: K, value: V): void
  delete(key: K): void
  /** Everything, unordered: for punctuators and restore, not for the hot path. */
  scan(visit: (key: K, value: V) => void): Promise<void>
}

/** Values by key and window start (ms UTC). */
export interface WindowStore<K, V> {
  load(keys: readonly K[], starts: readonly number[]): Promise<void> | undefined
  get(key: K, start: number): V | undefined
  put(key: K, start: number, value: V): void
  delete(key: K, start: number): void
  scan(visit: (key: K, start: number, value: V) => void): Promise<void>
}

export interface Session<V> {
  readonly start: number
  readonly end: number
  readonly value: V
}
/** All sessions of a key in one value, ordered by start. */
export interface SessionStore<K, V> {
  load(keys: readonly K[]): Promise<void> | undefined
  get(key: K): readonly Session<V>[]
  put(key: K, sessions: readonly Session<V>[]): void
  scan(visit: (key: K, sessions: readonly Session<V>[]) => void): Promise<void>
}

export declare class TaskStores {
  constructor(
    definitions: readonly StoreDefinition[],
    state: TaskState,
    at: () => { readonly token: number; readonly offset: number },
  )
  keyValue<K, V>(definition: KeyValueStoreDefinition<K, V>): KeyValueStore<K, V>
  window<K, V>(definition: WindowStoreDefinition<K, V>): WindowStore<K, V>
  session<K, V>(definition: SessionStoreDefinition<K, V>): SessionStore<K, V>
  /** What was written since the last `clear`: absolute, the last write of each key. Also what the changelog gets. */
  readonly changes: Changes
  /** Bytes in the write buffer. */
  readonly bufferedBytes: number
  /** After the commit's flush. */
  clear(): void
}
