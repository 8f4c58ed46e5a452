// Rows as bytes in pooled chunks. A row never straddles two chunks, so that any range of rows can be sent again without copying.
import { assert } from '../../core/assert.ts'
import { type Chunk, type ChunkPool, chunkBytes } from './chunk-pool.ts'

interface FilledChunk {
  readonly chunk: Chunk
  readonly end: number
}

export class RowBuffer {
  /** What encoders write to, at `position`, after `reserve`. */
  buffer: Buffer
  view: DataView
  position = 0
  rows = 0
  bytes = 0
  private readonly pool: ChunkPool
  private current: Chunk
  private readonly filled: FilledChunk[] = []
  private rowStart = 0
  /** Per row: the chunk it lies in and where it starts there. */
  private readonly chunkOfRow: number[] = []
  private readonly startOfRow: number[] = []

  constructor(pool: ChunkPool) {
    this.pool = pool
    this.current = pool.take()
    this.buffer = this.current.buffer
    this.view = this.current.view
  }

  /** Makes room for `count` more bytes of the row being written. */
  reserve(count: number): void {
    if (this.position + count > this.buffer.length) this.moveRow(count)
  }

  endRow(): void {
    this.chunkOfRow.push(this.filled.length)
    this.startOfRow.push(this.rowStart)
    this.rows++
    this.bytes += this.position - this.rowStart
    this.rowStart = this.position
  }

  /** Forgets what was written since the last row ended. */
  dropRow(): void {
    this.position = this.rowStart
  }

  /** The bytes of rows `from` to `to` (exclusive), one view a chunk. */
  *slices(from: number, to: number): Generator<Buffer> {
    let row = from
    while (row < to) {
      const index = at(this.chunkOfRow, row)
      const start = at(this.startOfRow, row)
      let next = row + 1
      const last = this.lastRowOf(index, row)
      next = Math.min(last + 1, to)
      const end = next > last ? this.endOf(index) : at(this.startOfRow, next)
      yield this.bufferOf(index).subarray(start, end)
      row = next
    }
  }

  /** One row's bytes. */
  row(index: number): Buffer {
    for (const slice of this.slices(index, index + 1)) return slice
    return Buffer.alloc(0)
  }

  /** Gives the chunks back; the rows are gone. */
  release(): void {
    for (const { chunk } of this.filled) this.pool.give(chunk)
    this.filled.length = 0
    this.pool.give(this.current)
  }

  private moveRow(count: number): void {
    const begun = this.position - this.rowStart
    const old = this.current
    this.current = this.pool.take(Math.max(chunkBytes, roomFor(begun + count)))
    old.buffer.copy(this.current.buffer, 0, this.rowStart, this.position)
    if (this.rowStart === 0) this.pool.give(old)
    else this.filled.push({ chunk: old, end: this.rowStart })
    this.buffer = this.current.buffer
    this.view = this.current.view
    this.rowStart = 0
    this.position = begun
  }

  /** Chunks hold rows in order, so the last row of a chunk is found by halving. */
  private lastRowOf(chunk: number, row: number): number {
    let low = row
    let high = this.rows - 1
    while (low < high) {
      const middle = (low + high + 1) >>> 1
      if (at(this.chunkOfRow, middle) === chunk) low = middle
      else high = middle - 1
    }
    return low
  }

  private endOf(index: number): number {
    return this.filled[index]?.end ?? this.rowStart
  }

  private bufferOf(index: number): Buffer {
    return this.filled[index]?.chunk.buffer ?? this.current.buffer
  }
}

function roomFor(bytes: number): number {
  return bytes <= chunkBytes ? chunkBytes : 2 ** Math.ceil(Math.log2(bytes))
}

function at(values: readonly number[], index: number): number {
  const value = values[index]
  assert(value !== undefined, `row ${index} is not in the buffer`)
  return value
}
