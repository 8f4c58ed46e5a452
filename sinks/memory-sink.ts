// A sink that keeps its rows in memory, with the semantics of the Postgres one: for tests of topologies, and for simulations that crash around a commit.
import { assert } from '../core/assert.ts'
import { BadRecord, StreamsError, TaskFenced } from '../core/errors.ts'
import { type MemoryRow, MemoryTable } from './memory-table.ts'
import { RowEncoder } from './postgres/binary-copy.ts'
import { ChunkPool } from './postgres/chunk-pool.ts'
import { RowBuffer } from './postgres/row-buffer.ts'
import { isPgTable, type PgTableShape } from './postgres/table.ts'
import type { RowOrigin, Sink, SinkBatch, SinkOutcome, SinkSource, SinkTable, SinkWriter } from './sink.ts'

export interface SinkDeadLetter {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  /** The step or the table that refused the record. */
  readonly step: string
  readonly code: string
  readonly message: string
  readonly key: Buffer | undefined
  readonly value: Buffer | undefined
}

export interface CommitMove {
  readonly from: number
  readonly to: number
}

/** Called around every commit; what they throw is what `commit` throws: a crash before nothing, or after everything, is written. */
export interface MemorySinkFaults {
  beforeCommit?(source: SinkSource, move: CommitMove): void | Promise<void>
  afterCommit?(source: SinkSource, move: CommitMove): void | Promise<void>
}

interface StoredPosition {
  readonly topicId: string
  next: number | undefined
}

export class MemorySink implements Sink {
  readonly kind = 'memory'
  private readonly faults: MemorySinkFaults
  private readonly tables = new Map<string, MemoryTable>()
  private readonly positions = new Map<string, StoredPosition>()
  private readonly letters: SinkDeadLetter[] = []

  constructor(faults: MemorySinkFaults = {}) {
    this.faults = faults
  }

  /** What a query of the table would see. */
  rows(table: SinkTable): readonly MemoryRow[] {
    return this.tables.get(table.name)?.rows() ?? []
  }

  deadLetters(): readonly SinkDeadLetter[] {
    return this.letters
  }

  prepare(tables: readonly SinkTable[]): Promise<void> {
    for (const table of tables) {
      assert(isPgTable(table), `${table.kind} ${table.name} has no columns`)
      if (!this.tables.has(table.name)) this.tables.set(table.name, new MemoryTable(table))
    }
    return Promise.resolve()
  }

  open(source: SinkSource): Promise<SinkWriter> {
    const name = `${source.app}/${source.topic}-${source.partition}`
    const stored = this.positions.get(name) ?? { topicId: source.topicId, next: undefined }
    this.positions.set(name, stored)
    if (stored.topicId === source.topicId) return Promise.resolve(this.writer(source, stored))
    const message = `topic ${source.topic} was made anew: start afresh`
    return Promise.reject(new StreamsError('topic_recreated', message, { topicPartition: source }))
  }

  close(): Promise<void> {
    return Promise.resolve()
  }

  private writer(source: SinkSource, stored: StoredPosition): SinkWriter {
    const sink = this
    let position = stored.next
    return {
      get position() {
        return position
      },
      newBatch: () => new MemoryBatch(source),
      async commit(batch, move) {
        assert(batch instanceof MemoryBatch, 'a batch goes back to the sink it came from')
        assert(move.to > move.from, `a commit moves the position, not from ${move.from} to ${move.to}`)
        await sink.faults.beforeCommit?.(source, move)
        const outcome = sink.apply(source, stored, position === undefined ? undefined : move.from, batch, move.to)
        position = move.to
        await sink.faults.afterCommit?.(source, move)
        return outcome
      },
      close: () => Promise.resolve(),
    }
  }

  private apply(
    source: SinkSource,
    stored: StoredPosition,
    expected: number | undefined,
    batch: MemoryBatch,
    to: number,
  ): SinkOutcome {
    if (stored.next !== expected) {
      const message = `the sink position is ${stored.next ?? 'unset'}, not ${expected ?? 'unset'}: another writer moved it`
      throw new TaskFenced('sink_fenced', message, { topicPartition: source })
    }
    stored.next = to
    for (const { table, row } of batch.accepted) {
      const kept = this.tables.get(table.name)
      assert(kept !== undefined, `table ${table.name} was not prepared`)
      kept.put(row)
    }
    this.letters.push(...batch.letters)
    return { written: batch.accepted.length, deadLetters: batch.letters.length }
  }
}

class MemoryBatch implements SinkBatch {
  rows = 0
  bytes = 0
  readonly accepted: { readonly table: PgTableShape; readonly row: MemoryRow }[] = []
  readonly letters: SinkDeadLetter[] = []
  private readonly source: SinkSource
  /** Encoded only to find out whether Postgres would take the row. */
  private readonly scratch = new RowBuffer(new ChunkPool(1))

  constructor(source: SinkSource) {
    this.source = source
  }

  add(table: SinkTable, row: MemoryRow, origin: RowOrigin): void {
    assert(isPgTable(table), `${table.kind} ${table.name} has no columns`)
    this.rows++
    try {
      new RowEncoder(table).encode(this.scratch, row)
      this.accepted.push({ table, row: { ...row } })
    } catch (error) {
      if (!(error instanceof BadRecord)) throw error
      this.letter(table.name, origin, error.code, error.message)
    }
    this.bytes = this.scratch.bytes
  }

  reject(step: string, origin: RowOrigin, code: string, message: string): void {
    this.rows++
    this.letter(step, origin, code, message)
  }

  private letter(step: string, { offset, key, value }: RowOrigin, code: string, message: string): void {
    const { topic, partition } = this.source
    const copy = (bytes: Buffer | undefined) => (bytes === undefined ? undefined : Buffer.from(bytes))
    this.letters.push({ topic, partition, offset, step, code, message, key: copy(key), value: copy(value) })
  }
}
