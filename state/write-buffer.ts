// What a task wrote to one store since its last commit: the newest value of each key, in the order of first writes (the changelog's order).
// Clearing it keeps its memory: a steady load allocates nothing.
import { assert } from '../core/assert.ts'
import { ByteWriter } from '../core/byte-writer.ts'
import { ByteTable } from './memory/byte-table.ts'

const ORDINAL_BYTES = 4
const DELETED = -1

export class WriteBuffer {
  /** From key to ordinal: 0 for the key written first, and so on. Nothing is ever deleted from it, so a scan keeps that order. */
  private readonly ordinals = new ByteTable()
  private readonly ordinal = Buffer.alloc(ORDINAL_BYTES)
  /** By ordinal: where the value lies in `values`; an end of DELETED marks a delete. */
  private starts = new Int32Array(64)
  private ends = new Int32Array(64)
  private readonly values = new ByteWriter()
  private keyBytes = 0
  /** The ordinal that `has` found. */
  private found = 0

  /** Keys written. */
  get count(): number {
    return this.ordinals.count
  }

  get byteLength(): number {
    return this.keyBytes + this.values.position
  }

  /** Whether the key was written or deleted; then `valueBuffer` … `valueEnd` tell which. */
  has(key: Buffer, keyStart: number, keyEnd: number): boolean {
    if (!this.ordinals.find(key, keyStart, keyEnd)) return false
    this.found = this.ordinals.valueBuffer.readUInt32LE(this.ordinals.valueStart)
    return true
  }

  // Of the key that `has` found.
  get isDeleted(): boolean {
    return this.ends[this.found] === DELETED
  }
  get valueBuffer(): Buffer {
    return this.values.buffer
  }
  get valueStart(): number {
    return this.starts[this.found] as number
  }
  get valueEnd(): number {
    return this.ends[this.found] as number
  }
  /** Which key this is, in the order of first writes. */
  get foundOrdinal(): number {
    return this.found
  }

  put(key: Buffer, keyStart: number, keyEnd: number, value: Buffer, valueStart: number, valueEnd: number): void {
    const ordinal = this.ordinalOf(key, keyStart, keyEnd)
    const room = (this.ends[ordinal] as number) - (this.starts[ordinal] as number)
    const length = valueEnd - valueStart
    if (length > room) {
      this.starts[ordinal] = this.values.position
      this.values.bytes(value, valueStart, valueEnd)
      assert(this.values.position < 2 ** 31, 'a commit writes less than 2 GiB to a store')
    } else {
      value.copy(this.values.buffer, this.starts[ordinal] as number, valueStart, valueEnd)
    }
    this.ends[ordinal] = (this.starts[ordinal] as number) + length
  }

  delete(key: Buffer, keyStart: number, keyEnd: number): void {
    this.ends[this.ordinalOf(key, keyStart, keyEnd)] = DELETED
  }

  /** The first `limit` keys with their newest values; undefined is a delete. */
  forEach(
    visit: (
      key: Buffer,
      keyStart: number,
      keyEnd: number,
      value: Buffer | undefined,
      valueStart: number,
      valueEnd: number,
    ) => void,
    limit = this.count,
  ): void {
    let ordinal = 0
    this.ordinals.scan((buffer, keyStart, keyEnd) => {
      const start = this.starts[ordinal] as number
      const end = this.ends[ordinal] as number
      ordinal++
      if (end === DELETED) visit(buffer, keyStart, keyEnd, undefined, 0, 0)
      else visit(buffer, keyStart, keyEnd, this.values.buffer, start, end)
    }, limit)
  }

  clear(): void {
    this.ordinals.clear()
    this.values.reset()
    this.keyBytes = 0
  }

  /** The key's ordinal, a new one with no value when this is its first write. */
  private ordinalOf(key: Buffer, keyStart: number, keyEnd: number): number {
    if (this.has(key, keyStart, keyEnd)) return this.found
    const ordinal = this.count
    this.ordinal.writeUInt32LE(ordinal)
    this.ordinals.put(key, keyStart, keyEnd, this.ordinal, 0, ORDINAL_BYTES)
    this.keyBytes += keyEnd - keyStart
    if (ordinal === this.starts.length) this.grow()
    this.starts[ordinal] = 0
    this.ends[ordinal] = DELETED
    return ordinal
  }

  private grow(): void {
    const [starts, ends] = [this.starts, this.ends]
    this.starts = new Int32Array(starts.length * 2)
    this.ends = new Int32Array(ends.length * 2)
    this.starts.set(starts)
    this.ends.set(ends)
  }
}
