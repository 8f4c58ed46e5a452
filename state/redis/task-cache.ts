// What a task can read without asking Redis: values its owner loaded or wrote itself, a fold of the log as long as the claim holds.
// What was loaded since the last flush stays whatever its size; beyond that, two generations of bounded size approximate least-recently-used:
// what is read moves from the old one to the young one, and when the young one is full it becomes the old one.
import { assert } from '../../core/assert.ts'
import { ByteWriter } from '../../core/byte-writer.ts'
import { ByteTable } from '../memory/byte-table.ts'

/** First byte of a cached value; the value follows. */
const ABSENT = 0
const PRESENT = 1

class Tables {
  private readonly byStore = new Map<string, ByteTable>()

  of(store: string): ByteTable {
    let table = this.byStore.get(store)
    if (table === undefined) {
      table = new ByteTable()
      this.byStore.set(store, table)
    }
    return table
  }

  get byteLength(): number {
    let bytes = 0
    for (const table of this.byStore.values()) bytes += table.byteLength
    return bytes
  }

  clear(): void {
    for (const table of this.byStore.values()) table.clear()
  }
}

export class TaskCache {
  /** Moves with every flush and claim: what was asked for before must not enter afterwards. */
  generation = 0
  private readonly loaded = new Tables()
  private young = new Tables()
  private old = new Tables()
  private readonly bytesMax: () => number
  private readonly scratch = new ByteWriter(1024)

  /** `bytesMax` bounds both generations together. */
  constructor(bytesMax: () => number) {
    this.bytesMax = bytesMax
  }

  /** The value, undefined if there is none; a view, valid until the next call. @throws AssertionError when it was not loaded since the last flush. */
  get(store: string, key: Buffer, keyStart: number, keyEnd: number): Buffer | undefined {
    const cached = this.loaded.of(store).get(key, keyStart, keyEnd)
    assert(cached !== undefined, `a key of store ${store} was read that was not loaded`)
    return cached[0] === PRESENT ? cached.subarray(1) : undefined
  }

  /** Makes the key readable if its value is known; false when Redis must be asked. */
  recall(store: string, key: Buffer): boolean {
    const loaded = this.loaded.of(store)
    if (loaded.find(key, 0, key.length)) return true
    const young = this.young.of(store)
    let value = young.get(key, 0, key.length)
    if (value === undefined) {
      value = this.old.of(store).get(key, 0, key.length)
      if (value === undefined) return false
      young.put(key, 0, key.length, value, 0, value.length)
    }
    loaded.put(key, 0, key.length, value, 0, value.length)
    return true
  }

  /** Takes what Redis answered and makes it readable. */
  add(store: string, key: Buffer, value: Buffer | undefined, valueStart: number, valueEnd: number): void {
    const { scratch } = this
    this.encode(value, valueStart, valueEnd)
    this.loaded.of(store).put(key, 0, key.length, scratch.buffer, 0, scratch.position)
    this.young.of(store).put(key, 0, key.length, scratch.buffer, 0, scratch.position)
  }

  /** A flush begins: nothing is readable until it is loaded again. `write` tells what it writes. */
  beginFlush(): void {
    this.generation++
    this.loaded.clear()
  }

  write(
    store: string,
    key: Buffer,
    keyStart: number,
    keyEnd: number,
    value: Buffer | undefined,
    valueStart: number,
    valueEnd: number,
  ): void {
    this.encode(value, valueStart, valueEnd)
    this.young.of(store).put(key, keyStart, keyEnd, this.scratch.buffer, 0, this.scratch.position)
  }

  /** After each load and flush. */
  trim(): void {
    if (this.young.byteLength * 2 <= this.bytesMax()) return
    this.old = this.young
    this.young = new Tables()
  }

  /** Bytes of memory held beyond what is loaded at the moment. */
  get byteLength(): number {
    return this.young.byteLength + this.old.byteLength
  }

  forget(): void {
    this.beginFlush()
    this.young = new Tables()
    this.old = new Tables()
  }

  private encode(value: Buffer | undefined, start: number, end: number): void {
    this.scratch.reset()
    this.scratch.byte(value === undefined ? ABSENT : PRESENT)
    if (value !== undefined) this.scratch.bytes(value, start, end)
  }
}
