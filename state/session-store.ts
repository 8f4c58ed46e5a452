// A store of sessions by key, typed: all sessions of a key in one value.
import type { Serde } from '../serdes/serde.ts'
import type { VisitEntry } from './backend.ts'
import { type Session, sessionListSerde } from './session-list.ts'
import type { StoreBytes, StoreWalk } from './store-bytes.ts'

export type { Session }

/** All sessions of a key in one value, ordered by start. */
export interface SessionStore<K, V> {
  load(keys: readonly K[]): Promise<void> | undefined
  get(key: K): readonly Session<V>[]
  /** Replaces all sessions of the key; none deletes it. */
  put(key: K, sessions: readonly Session<V>[]): void
  scan(visit: VisitSessions<K, V>): Promise<void>
  /** Some at a time, unordered; but those that were written since the last commit, and some again after one. */
  walk(visit: VisitSessions<K, V>): StoreWalk
}

export type VisitSessions<K, V> = (key: K, sessions: readonly Session<V>[]) => void

export class SessionBytesStore<K, V> implements SessionStore<K, V> {
  private readonly bytes: StoreBytes
  private readonly keys: Serde<K>
  private readonly lists: Serde<readonly Session<V>[]>

  constructor(bytes: StoreBytes, keys: Serde<K>, values: Serde<V>) {
    this.bytes = bytes
    this.keys = keys
    this.lists = sessionListSerde(values)
  }

  load(keys: readonly K[]): Promise<void> | undefined {
    return this.bytes.load(keys.length, (i, to) => this.keys.write(keys[i] as K, to))
  }

  get(key: K): readonly Session<V>[] {
    const { bytes } = this
    this.writeKey(key)
    return bytes.find() ? this.lists.read(bytes.valueBuffer, bytes.valueStart, bytes.valueEnd) : []
  }

  put(key: K, sessions: readonly Session<V>[]): void {
    this.writeKey(key)
    this.bytes.value.reset()
    this.lists.write(sessions, this.bytes.value)
    if (sessions.length === 0) this.bytes.delete()
    else this.bytes.put()
  }

  scan(visit: VisitSessions<K, V>): Promise<void> {
    return this.bytes.scan(this.reading(visit))
  }

  walk(visit: VisitSessions<K, V>): StoreWalk {
    return this.bytes.walk(this.reading(visit))
  }

  private reading(visit: VisitSessions<K, V>): VisitEntry {
    return (key, value) => visit(this.keys.read(key, 0, key.length), this.lists.read(value, 0, value.length))
  }

  private writeKey(key: K): void {
    this.bytes.key.reset()
    this.keys.write(key, this.bytes.key)
  }
}
