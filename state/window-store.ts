// A store of values by key and window start, typed. A key's bytes are followed by the start in 8 bytes, big-endian, as in Kafka Streams.
import type { ByteWriter } from '../core/byte-writer.ts'
import type { Serde } from '../serdes/serde.ts'
import type { StartRange, VisitEntry } from './backend.ts'
import type { StoreBytes, StoreWalk } from './store-bytes.ts'

/** Values by key and window start (ms UTC). */
export interface WindowStore<K, V> {
  /** Makes the windows readable that begin at `starts[i]` for `keys[i]`. */
  load(keys: readonly K[], starts: readonly number[]): Promise<void> | undefined
  get(key: K, start: number): V | undefined
  put(key: K, start: number, value: V): void
  delete(key: K, start: number): void
  /** Every window, or those that begin in a range, unordered. */
  scan(visit: VisitWindow<K, V>, starts?: StartRange): Promise<void>
  /** The windows that begin in a range, some at a time, unordered; but those that were written since the last commit, and some again after one. */
  walk(visit: VisitWindow<K, V>, starts: StartRange): StoreWalk
}

export type VisitWindow<K, V> = (key: K, start: number, value: V) => void

export const START_BYTES = 8

/** Windows that begin on one UTC day lie together: reading those of whole days reads nothing else. */
export const SEGMENT_MS = 86_400_000

export class WindowBytesStore<K, V> implements WindowStore<K, V> {
  private readonly bytes: StoreBytes
  private readonly keys: Serde<K>
  private readonly values: Serde<V>

  constructor(bytes: StoreBytes, keys: Serde<K>, values: Serde<V>) {
    this.bytes = bytes
    this.keys = keys
    this.values = values
  }

  load(keys: readonly K[], starts: readonly number[]): Promise<void> | undefined {
    return this.bytes.load(keys.length, (i, to) => {
      this.keys.write(keys[i] as K, to)
      writeStart(starts[i] as number, to)
    })
  }

  get(key: K, start: number): V | undefined {
    const { bytes } = this
    this.writeKey(key, start)
    return bytes.find() ? this.values.read(bytes.valueBuffer, bytes.valueStart, bytes.valueEnd) : undefined
  }

  put(key: K, start: number, value: V): void {
    this.writeKey(key, start)
    this.bytes.value.reset()
    this.values.write(value, this.bytes.value)
    this.bytes.put()
  }

  delete(key: K, start: number): void {
    this.writeKey(key, start)
    this.bytes.delete()
  }

  scan(visit: VisitWindow<K, V>, starts?: StartRange): Promise<void> {
    return this.bytes.scan(this.reading(visit), starts)
  }

  walk(visit: VisitWindow<K, V>, starts: StartRange): StoreWalk {
    return this.bytes.walk(this.reading(visit), starts)
  }

  private reading(visit: VisitWindow<K, V>): VisitEntry {
    return (key, value) => {
      const keyEnd = key.length - START_BYTES
      visit(this.keys.read(key, 0, keyEnd), readStart(key, keyEnd), this.values.read(value, 0, value.length))
    }
  }

  private writeKey(key: K, start: number): void {
    this.bytes.key.reset()
    this.keys.write(key, this.bytes.key)
    writeStart(start, this.bytes.key)
  }
}

export function writeStart(start: number, to: ByteWriter): void {
  to.reserve(START_BYTES)
  const high = Math.floor(start / 2 ** 32)
  to.buffer.writeInt32BE(high, to.position)
  to.buffer.writeUInt32BE(start - high * 2 ** 32, to.position + 4)
  to.position += START_BYTES
}

export function readStart(from: Buffer, position: number): number {
  return from.readInt32BE(position) * 2 ** 32 + from.readUInt32BE(position + 4)
}

/** Whether the window whose key ends at `keyEnd` begins in the range. */
export function beginsWithin({ from, to }: StartRange, key: Buffer, keyEnd: number): boolean {
  const start = readStart(key, keyEnd - START_BYTES)
  return from <= start && start < to
}
