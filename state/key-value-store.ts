// A store of values by key, typed.
import type { Serde } from '../serdes/serde.ts'
import type { StoreBytes } from './store-bytes.ts'

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

export class KeyValueBytesStore<K, V> implements KeyValueStore<K, V> {
  private readonly bytes: StoreBytes
  private readonly keys: Serde<K>
  private readonly values: Serde<V>

  constructor(bytes: StoreBytes, keys: Serde<K>, values: Serde<V>) {
    this.bytes = bytes
    this.keys = keys
    this.values = values
  }

  load(keys: readonly K[]): Promise<void> | undefined {
    return this.bytes.load(keys.length, (i, to) => this.keys.write(keys[i] as K, to))
  }

  get(key: K): V | undefined {
    const { bytes } = this
    this.writeKey(key)
    return bytes.find() ? this.values.read(bytes.valueBuffer, bytes.valueStart, bytes.valueEnd) : undefined
  }

  put(key: K, value: V): void {
    this.writeKey(key)
    this.bytes.value.reset()
    this.values.write(value, this.bytes.value)
    this.bytes.put()
  }

  delete(key: K): void {
    this.writeKey(key)
    this.bytes.delete()
  }

  scan(visit: (key: K, value: V) => void): Promise<void> {
    return this.bytes.scan((key, value) => {
      visit(this.keys.read(key, 0, key.length), this.values.read(value, 0, value.length))
    })
  }

  private writeKey(key: K): void {
    this.bytes.key.reset()
    this.keys.write(key, this.bytes.key)
  }
}
