// The rows of one transaction, encoded as they are added, with what is needed to write a dead letter for any of them later.
import { assert } from '../../core/assert.ts'
import { BadRecord } from '../../core/errors.ts'
import type { RowOrigin, SinkBatch, SinkTable } from '../sink.ts'
import { RowEncoder } from './binary-copy.ts'
import type { ChunkPool } from './chunk-pool.ts'
import { RowBuffer } from './row-buffer.ts'
import { isPgTable, type PgTableShape } from './table.ts'

/** A record or one of its rows that did not fit: found by a step before the sink, by the encoder, or by Postgres. */
export interface RejectedRow {
  /** The step or the table that refused it. */
  readonly step: string
  /** Index of the log record in the batch's origins. */
  readonly origin: number
  readonly code: string
  readonly message: string
}

export class TableRows {
  readonly table: PgTableShape
  readonly buffer: RowBuffer
  readonly encoder: RowEncoder
  /** Per row, the index of its origin. */
  readonly origins: number[] = []
  deletes = 0

  constructor(table: PgTableShape, pool: ChunkPool) {
    this.table = table
    this.buffer = new RowBuffer(pool)
    this.encoder = new RowEncoder(table)
  }
}

/** Copies of the log records behind the rows: the fetched buffers they are views on are used again before the commit is certain. */
class Origins {
  private readonly buffer: RowBuffer
  private readonly offsets: number[] = []
  private readonly keyBytes: number[] = []
  private readonly valueBytes: number[] = []

  constructor(pool: ChunkPool) {
    this.buffer = new RowBuffer(pool)
  }

  get bytes(): number {
    return this.buffer.bytes
  }

  /** The index of the record; rows of the same record in a row share it. */
  add(origin: RowOrigin): number {
    const last = this.offsets.length - 1
    if (last >= 0 && this.offsets[last] === origin.offset) return last
    this.offsets.push(origin.offset)
    this.keyBytes.push(this.write(origin.key))
    this.valueBytes.push(this.write(origin.value))
    this.buffer.endRow()
    return last + 1
  }

  at(index: number): RowOrigin {
    const offset = this.offsets[index]
    const keyBytes = this.keyBytes[index]
    const valueBytes = this.valueBytes[index]
    assert(offset !== undefined && keyBytes !== undefined && valueBytes !== undefined, `no origin ${index}`)
    const bytes = this.buffer.row(index)
    return {
      offset,
      key: keyBytes < 0 ? undefined : bytes.subarray(0, keyBytes),
      value: valueBytes < 0 ? undefined : bytes.subarray(Math.max(keyBytes, 0)),
    }
  }

  release(): void {
    this.buffer.release()
  }

  private write(source: Buffer | undefined): number {
    if (source === undefined) return -1
    this.buffer.reserve(source.length)
    this.buffer.buffer.set(source, this.buffer.position)
    this.buffer.position += source.length
    return source.length
  }
}

export class PostgresBatch implements SinkBatch {
  rows = 0
  readonly tables = new Map<string, TableRows>()
  readonly origins: Origins
  readonly rejected: RejectedRow[] = []
  private readonly pool: ChunkPool

  constructor(pool: ChunkPool) {
    this.pool = pool
    this.origins = new Origins(pool)
  }

  /** What the batch holds in memory. */
  get bytes(): number {
    return this.origins.bytes + this.rowBytes
  }

  /** What goes to Postgres. */
  get rowBytes(): number {
    let bytes = 0
    for (const { buffer } of this.tables.values()) bytes += buffer.bytes
    return bytes
  }

  add(table: SinkTable, row: Readonly<Record<string, unknown>>, origin: RowOrigin): void {
    const rows = this.tables.get(table.name) ?? this.open(table)
    const index = this.origins.add(origin)
    this.rows++
    try {
      rows.encoder.encode(rows.buffer, row)
      rows.origins.push(index)
      if (rows.table.deletes && row.deleted === true) rows.deletes++
    } catch (error) {
      if (!(error instanceof BadRecord)) throw error
      this.rejected.push({ step: table.name, origin: index, code: error.code, message: error.message })
    }
  }

  reject(step: string, origin: RowOrigin, code: string, message: string): void {
    this.rows++
    this.rejected.push({ step, origin: this.origins.add(origin), code, message })
  }

  release(): void {
    this.origins.release()
    for (const { buffer } of this.tables.values()) buffer.release()
  }

  private open(table: SinkTable): TableRows {
    assert(isPgTable(table), `${table.kind} ${table.name} is not a Postgres table`)
    const rows = new TableRows(table, this.pool)
    this.tables.set(table.name, rows)
    return rows
  }
}
