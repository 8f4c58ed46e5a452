// The stores of one task: typed access for operators, what a commit writes, and its clearing afterwards.
import { assert } from '../core/assert.ts'
import { binarySerde } from '../serdes/binary-serde.ts'
import { keySerde } from '../serdes/key-serde.ts'
import type { Changes, TaskState } from './backend.ts'
import type {
  KeyValueStoreDefinition,
  SessionStoreDefinition,
  StoreDefinition,
  WindowStoreDefinition,
} from './definitions.ts'
import { KeyValueBytesStore, type KeyValueStore } from './key-value-store.ts'
import { SessionBytesStore, type SessionStore } from './session-store.ts'
import { type StatePosition, StoreBytes } from './store-bytes.ts'
import { WindowBytesStore, type WindowStore } from './window-store.ts'

export type { Session } from './session-store.ts'
export type { KeyValueStore, SessionStore, WindowStore }

export class TaskStores {
  /** What was written since the last `clear`: absolute, the last write of each key; store by store, in the order of first writes. Also what the changelog gets. */
  readonly changes: Changes
  private readonly stores = new Map<string, StoreBytes>()

  constructor(definitions: readonly StoreDefinition[], state: TaskState, at: StatePosition) {
    for (const { name } of definitions) {
      assert(!this.stores.has(name), `two stores are named ${name}`)
      this.stores.set(name, new StoreBytes(name, state, at))
    }
    this.changes = new WrittenChanges([...this.stores.values()])
  }

  keyValue<K, V>(definition: KeyValueStoreDefinition<K, V>): KeyValueStore<K, V> {
    return new KeyValueBytesStore(this.bytes(definition), keySerde(definition.key), binarySerde(definition.value))
  }

  window<K, V>(definition: WindowStoreDefinition<K, V>): WindowStore<K, V> {
    return new WindowBytesStore(this.bytes(definition), keySerde(definition.key), binarySerde(definition.value))
  }

  session<K, V>(definition: SessionStoreDefinition<K, V>): SessionStore<K, V> {
    return new SessionBytesStore(this.bytes(definition), keySerde(definition.key), binarySerde(definition.value))
  }

  /** Bytes of keys and values written since the last `clear`. */
  get bufferedBytes(): number {
    let bytes = 0
    for (const { written } of this.stores.values()) bytes += written.byteLength
    return bytes
  }

  /** After the commit's flush. */
  clear(): void {
    for (const { written } of this.stores.values()) written.clear()
  }

  private bytes({ name }: StoreDefinition): StoreBytes {
    const bytes = this.stores.get(name)
    assert(bytes !== undefined, `the task has no store named ${name}`)
    return bytes
  }
}

class WrittenChanges implements Changes {
  private readonly stores: readonly StoreBytes[]

  constructor(stores: readonly StoreBytes[]) {
    this.stores = stores
  }

  get count(): number {
    return this.stores.reduce((count, { written }) => count + written.count, 0)
  }

  forEach(visit: Parameters<Changes['forEach']>[0]): void {
    for (const { name, written } of this.stores) {
      written.forEach((key, keyStart, keyEnd, value, valueStart, valueEnd) => {
        visit(name, key, keyStart, keyEnd, value, valueStart, valueEnd)
      })
    }
  }
}
