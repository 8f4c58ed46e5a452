// The one transaction of a batch, up to its COMMIT: position first, then rows, then dead letters. Whoever calls it commits, and decides what an error means.
import type { Clock } from '../../core/clock.ts'
import { TaskFenced } from '../../core/errors.ts'
import type { SinkOutcome, SinkSource } from '../sink.ts'
import type { ChunkPool } from './chunk-pool.ts'
import type { PostgresConnection } from './connection.ts'
import { type PostgresBatch, type RejectedRow, TableRows } from './postgres-batch.ts'
import type { SinkCells } from './sink-cells.ts'
import { deadLettersTable, positionsTable } from './sink-tables.ts'
import { isUpsert, literal, qualified, stagingStatement } from './table-sql.ts'
import { copyRows, writeRows } from './write-rows.ts'

/** What does not change between the batches of a writer. */
export interface WriterContext {
  /** The generation's schema. */
  readonly schema: string
  readonly source: SinkSource
  readonly clock: Clock
  readonly cells: SinkCells
  readonly pool: ChunkPool
}

export interface PositionMove {
  /** What the position row holds now: undefined before the first commit. */
  readonly stored: number | undefined
  readonly to: number
}

/** @throws TaskFenced when the position is not where this writer left it; else the error of Postgres or of the connection. */
export async function writeTransaction(
  context: WriterContext,
  connection: PostgresConnection,
  batch: PostgresBatch,
  move: PositionMove,
): Promise<SinkOutcome> {
  for (const { table } of batch.tables.values()) {
    if (isUpsert(table)) await connection.stage(table.name, stagingStatement(context.schema, table))
  }
  // P1  The position moves before anything is written: a zombie stops here.
  await movePosition(context, connection, move)
  // P2  Rows; those that Postgres refuses are taken out.
  const rejected: RejectedRow[] = [...batch.rejected]
  for (const rows of batch.tables.values()) rejected.push(...(await writeRows(context, connection, rows)))
  // P3  Dead letters, in the same transaction as the position.
  await writeDeadLetters(context, connection, batch, rejected)
  return { written: batch.rows - rejected.length, deadLetters: rejected.length }
}

async function movePosition(
  { schema, source }: WriterContext,
  connection: PostgresConnection,
  { stored, to }: PositionMove,
): Promise<void> {
  const expected = stored === undefined ? 'IS NULL' : `= ${stored}`
  // In one round trip, since each of them may wait for a turn of a busy event loop.
  const moved = await connection.run(
    `BEGIN; UPDATE ${qualified(schema, positionsTable.name)} SET next = ${to} WHERE app = ${literal(source.app)}
      AND topic = ${literal(source.topic)} AND partition = ${source.partition} AND topic_id = ${literal(source.topicId)} AND next ${expected}`,
  )
  if (moved === 1) return
  await connection.run('ROLLBACK')
  throw new TaskFenced('sink_fenced', `the sink position is no longer ${stored ?? 'unset'}: another writer moved it`, {
    topicPartition: source,
  })
}

async function writeDeadLetters(
  context: WriterContext,
  connection: PostgresConnection,
  batch: PostgresBatch,
  rejected: readonly RejectedRow[],
): Promise<void> {
  if (rejected.length === 0) return
  const { app, topic, partition } = context.source
  const letters = new TableRows(deadLettersTable, context.pool)
  for (const { step, origin, code, message } of rejected) {
    const { offset, key, value } = batch.origins.at(origin)
    letters.encoder.encode(letters.buffer, {
      app,
      topic,
      partition,
      offset,
      step,
      code: storable(code),
      message: storable(message),
      key,
      value,
      rejected_at: context.clock.now(),
    })
  }
  await copyRows(context, connection, letters, { from: 0, to: rejected.length }, '')
  letters.buffer.release()
}

/** A message may quote what made its record a bad one. A dead letter that Postgres refuses would halt its partition for ever. */
function storable(text: string): string {
  return text.replaceAll(/[\0\p{Surrogate}]/gu, '\ufffd')
}
