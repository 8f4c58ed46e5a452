// One store of a task as bytes: what was written, over what a commit has taken, over the backend. The typed stores put their keys and values into its scratch writers, so that no call allocates.
import { assert } from '../core/assert.ts'
import { ByteWriter } from '../core/byte-writer.ts'
import type { StartRange, TaskState, VisitEntry, WalkStep } from './backend.ts'
import { ByteTable } from './memory/byte-table.ts'
import { beginsWithin } from './window-store.ts'
import { WriteBuffer } from './write-buffer.ts'

/** A way through a store, some entries at a time. */
export interface StoreWalk {
  /** About so many entries more. @throws StateCorrupted when the state is not ours any more */
  next(most: number): Promise<WalkStep>
}

/** The owner's token and the next changelog offset: what the backend must agree to. */
export type StatePosition = () => { readonly token: number; readonly offset: number }

const NO_KEYS: readonly Buffer[] = []

export class StoreBytes {
  readonly name: string
  written = new WriteBuffer()
  /** On its way to the backend. */
  taken = new WriteBuffer()
  /** Encode a key into it, then call `find`, `put` or `delete`. */
  readonly key = new ByteWriter(256)
  readonly value = new ByteWriter(1024)
  // Where the value lies that `find` found; valid until the next call.
  valueBuffer: Buffer = this.value.buffer
  valueStart = 0
  valueEnd = 0
  private readonly state: TaskState
  private readonly at: StatePosition
  private readonly wanted = new ByteTable()

  constructor(name: string, state: TaskState, at: StatePosition) {
    this.name = name
    this.state = state
    this.at = at
  }

  /** Loads the `count` keys that `writeKey` encodes, each once. */
  load(count: number, writeKey: (index: number, to: ByteWriter) => void): Promise<void> | undefined {
    if (this.state.isResident) return this.state.load(this.at(), this.name, NO_KEYS)
    this.wanted.clear()
    for (let i = 0; i < count; i++) {
      this.key.reset()
      writeKey(i, this.key)
      this.wanted.put(this.key.buffer, 0, this.key.position, this.key.buffer, 0, 0)
    }
    const keys: Buffer[] = []
    this.wanted.scan((buffer, start, end) => keys.push(buffer.subarray(start, end)))
    return this.state.load(this.at(), this.name, keys)
  }

  /** Finds the newest value of the key in `key`. */
  find(): boolean {
    const { key } = this
    for (let buffer = this.written; ; buffer = this.taken) {
      if (buffer.count > 0 && buffer.has(key.buffer, 0, key.position))
        return !buffer.isDeleted && this.foundAt(buffer.valueBuffer, buffer.valueStart, buffer.valueEnd)
      if (buffer === this.taken) break
    }
    const value = this.state.get(this.name, key.buffer, 0, key.position)
    return value !== undefined && this.foundAt(value, 0, value.length)
  }

  /** Writes what is in `value` under the key in `key`. */
  put(): void {
    this.written.put(this.key.buffer, 0, this.key.position, this.value.buffer, 0, this.value.position)
  }

  delete(): void {
    this.written.delete(this.key.buffer, 0, this.key.position)
  }

  take(): void {
    assert(this.taken.count === 0, `the backend still has to get what was taken from ${this.name}`)
    const { written, taken } = this
    this.written = taken
    this.taken = written
  }

  /**
   * Every key once, with the value it had when the scan began; what `visit` writes is not visited. Of a window store, if asked, only windows of a range.
   * @throws StateCorrupted when the state is not ours any more: then what was visited may not be all.
   */
  async scan(visit: VisitEntry, starts?: StartRange): Promise<void> {
    const { written, taken } = this
    const before = written.count
    const isInWritten = (key: Buffer, start: number, end: number) =>
      written.has(key, start, end) && written.foundOrdinal < before
    const isWanted = (key: Buffer, end: number) => starts === undefined || beginsWithin(starts, key, end)
    written.forEach((key, keyStart, keyEnd, value, valueStart, valueEnd) => {
      if (value === undefined || !isWanted(key, keyEnd)) return
      visit(key.subarray(keyStart, keyEnd), value.subarray(valueStart, valueEnd))
    }, before)
    taken.forEach((key, keyStart, keyEnd, value, valueStart, valueEnd) => {
      if (value === undefined || !isWanted(key, keyEnd) || isInWritten(key, keyStart, keyEnd)) return
      visit(key.subarray(keyStart, keyEnd), value.subarray(valueStart, valueEnd))
    })
    const visitOthers = (key: Buffer, value: Buffer) => {
      if (!isInWritten(key, 0, key.length) && !taken.has(key, 0, key.length)) visit(key, value)
    }
    await this.state.walk(this.name, starts).next(Number.POSITIVE_INFINITY, visitOthers)
    await this.requireOurs()
  }

  /** Through what the owner has not written since its last commit, some entries at a time; commits may lie between. */
  walk(visit: VisitEntry, starts?: StartRange): StoreWalk {
    const walk = this.state.walk(this.name, starts)
    const visitOthers = (key: Buffer, value: Buffer) => {
      if (!this.written.has(key, 0, key.length) && !this.taken.has(key, 0, key.length)) visit(key, value)
    }
    return {
      next: async (most) => {
        const step = await walk.next(most, visitOthers)
        await this.requireOurs()
        return step
      },
    }
  }

  /** A walk takes many steps and checks none of them: a copy that was lost meanwhile would look like a store with fewer entries. */
  private async requireOurs(): Promise<void> {
    await this.state.load(this.at(), this.name, NO_KEYS)
  }

  private foundAt(buffer: Buffer, start: number, end: number): true {
    this.valueBuffer = buffer
    this.valueStart = start
    this.valueEnd = end
    return true
  }
}
