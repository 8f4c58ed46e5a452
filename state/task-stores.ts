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
import { type StatePosition, StoreBytes, type StoreWalk } from './store-bytes.ts'
import { WindowBytesStore, type WindowStore } from './window-store.ts'

export type { StartRange } from './backend.ts'
export type { Session } from './session-store.ts'
export { SEGMENT_MS } from './window-store.ts'
export type { KeyValueStore, SessionStore, StoreWalk, WindowStore }

export class TaskStores {
  private readonly taken: Changes
  private readonly stores = new Map<string, StoreBytes>()

  constructor(definitions: readonly StoreDefinition[], state: TaskState, at: StatePosition) {
    for (const { name } of definitions) {
      assert(!this.stores.has(name), `two stores are named ${name}`)
      this.stores.set(name, new StoreBytes(name, state, at))
    }
    this.taken = new TakenChanges([...this.stores.values()])
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

  /**
   * What was written since the last call: absolute, the last write of each key; store by store, in the order of first writes. The changelog and the
   * backend get it; until `clear` it is read as if the backend had it, and so are the writes that come after it.
   */
  take(): Changes {
    for (const store of this.stores.values()) store.take()
    return this.taken
  }

  /** Bytes of keys and values written and not taken yet. */
  get bufferedBytes(): number {
    let bytes = 0
    for (const { written } of this.stores.values()) bytes += written.byteLength
    return bytes
  }

  /** After the backend has what was taken. */
  clear(): void {
    for (const { taken } of this.stores.values()) taken.clear()
  }

  private bytes({ name }: StoreDefinition): StoreBytes {
    const bytes = this.stores.get(name)
    assert(bytes !== undefined, `the task has no store named ${name}`)
    return bytes
  }
}

class TakenChanges implements Changes {
  private readonly stores: readonly StoreBytes[]

  constructor(stores: readonly StoreBytes[]) {
    this.stores = stores
  }

  get count(): number {
    return this.stores.reduce((count, { taken }) => count + taken.count, 0)
  }

  forEach(visit: Parameters<Changes['forEach']>[0]): void {
    for (const { name, taken } of this.stores) {
      taken.forEach((key, keyStart, keyEnd, value, valueStart, valueEnd) => {
        visit(name, key, keyStart, keyEnd, value, valueStart, valueEnd)
      })
    }
  }
}
