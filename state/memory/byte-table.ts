// A hash table from key bytes to value bytes without a JavaScript object per entry: an index of hashes over an arena of pages.
// No single call does work in proportion to the table: the index splits by segments, and garbage is collected a page at a time.
import { assert } from '../../core/assert.ts'
import { ByteArena } from './byte-arena.ts'
import { type HashBytes, hashBytes } from './hash-bytes.ts'
import { HashIndex, NOWHERE } from './hash-index.ts'

/** More garbage than a third of the arena: each put that makes more of it empties a page. */
const GARBAGE_SHARE = 3
const GARBAGE_WORDS_MIN = 16_384

export type VisitEntry = (
  buffer: Buffer,
  keyStart: number,
  keyEnd: number,
  valueStart: number,
  valueEnd: number,
) => void

export class ByteTable {
  // Where the value lies that `find` found; valid until the next put or delete.
  valueBuffer: Buffer
  valueStart = 0
  valueEnd = 0
  /** Moves with every put and delete. */
  changes = 0
  private readonly hash: HashBytes
  private readonly index = new HashIndex()
  private readonly arena = new ByteArena()

  constructor(hash: HashBytes = hashBytes) {
    this.hash = hash
    this.valueBuffer = this.arena.buffer
  }

  get count(): number {
    return this.index.count
  }

  /** Bytes of memory held. */
  get byteLength(): number {
    return this.index.byteLength + this.arena.byteLength
  }

  /** Sets `valueBuffer`, `valueStart` and `valueEnd` when the key is there; allocates nothing. */
  find(key: Buffer, keyStart: number, keyEnd: number): boolean {
    if (this.locate(this.hash(key, keyStart, keyEnd), key, keyStart, keyEnd) === NOWHERE) return false
    this.valueBuffer = this.arena.buffer
    this.valueStart = this.arena.valueStart
    this.valueEnd = this.arena.valueEnd
    return true
  }

  /** A view on the value; valid until the next put or delete. */
  get(key: Buffer, keyStart: number, keyEnd: number): Buffer | undefined {
    return this.find(key, keyStart, keyEnd) ? this.valueBuffer.subarray(this.valueStart, this.valueEnd) : undefined
  }

  /** Copies both; neither may lie in this table. */
  put(key: Buffer, keyStart: number, keyEnd: number, value: Buffer, valueStart: number, valueEnd: number): void {
    this.changes++
    const hash = this.hash(key, keyStart, keyEnd)
    const position = this.locate(hash, key, keyStart, keyEnd)
    if (position === NOWHERE) {
      this.index.add(hash, this.arena.append(key, keyStart, keyEnd, value, valueStart, valueEnd))
    } else if (!this.arena.overwrite(position, value, valueStart, valueEnd)) {
      this.index.move(this.arena.append(key, keyStart, keyEnd, value, valueStart, valueEnd))
      this.arena.remove(position)
      this.compact()
    }
  }

  /** Returns whether the key was there. */
  delete(key: Buffer, keyStart: number, keyEnd: number): boolean {
    const position = this.locate(this.hash(key, keyStart, keyEnd), key, keyStart, keyEnd)
    if (position === NOWHERE) return false
    this.changes++
    this.index.remove()
    this.arena.remove(position)
    this.compact()
    return true
  }

  /**
   * Every entry, or `limit` of them; in order of insertion as long as nothing was deleted or outgrown. What is put meanwhile may be visited too.
   * Returns where another scan may go on, as long as `changes` stays the same; NOWHERE at the end.
   */
  scan(visit: VisitEntry, limit = Number.POSITIVE_INFINITY, from = this.arena.first()): number {
    const { arena } = this
    let left = limit
    let position = from
    for (; position !== NOWHERE && left > 0; position = arena.next(position), left--) {
      arena.look(position)
      visit(arena.buffer, arena.keyStart, arena.valueStart, arena.valueStart, arena.valueEnd)
    }
    return position
  }

  /** Forgets everything and keeps memory for what comes next. */
  clear(): void {
    this.changes++
    this.index.clear()
    this.arena.clear()
  }

  /** Leaves the arena looking at the entry found. */
  private locate(hash: number, key: Buffer, keyStart: number, keyEnd: number): number {
    const { index, arena } = this
    for (let position = index.first(hash); position !== NOWHERE; position = index.next()) {
      arena.look(position)
      if (this.isKey(key, keyStart, keyEnd)) return position
    }
    return NOWHERE
  }

  private isKey(key: Buffer, keyStart: number, keyEnd: number): boolean {
    const { buffer, keyStart: start, valueStart } = this.arena
    if (valueStart - start !== keyEnd - keyStart) return false
    for (let i = keyStart, j = start; i < keyEnd; i++, j++) if (key[i] !== buffer[j]) return false
    return true
  }

  private compact(): void {
    const { arena } = this
    if (arena.deadWords < GARBAGE_WORDS_MIN || arena.deadWords * GARBAGE_SHARE < arena.usedWords) return
    const page = arena.emptiestPage()
    if (page === NOWHERE) return
    for (let position = arena.firstIn(page); position !== NOWHERE; position = arena.after(position))
      this.relocate(position)
    arena.release(page)
  }

  private relocate(position: number): void {
    const { index, arena } = this
    arena.look(position)
    const { buffer, keyStart, valueStart, valueEnd } = arena
    let candidate = index.first(this.hash(buffer, keyStart, valueStart))
    while (candidate !== position) {
      assert(candidate !== NOWHERE, 'an entry in the arena is in the index')
      candidate = index.next()
    }
    index.move(arena.append(buffer, keyStart, valueStart, buffer, valueStart, valueEnd))
  }
}
