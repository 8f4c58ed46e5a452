// Writes the rows of one table inside the open transaction, and takes out those that Postgres refuses: by the line COPY names, else by halving.
import { copyHeader, copyTrailer } from './binary-copy.ts'
import type { WriterContext } from './commit-transaction.ts'
import type { PostgresConnection } from './connection.ts'
import type { RejectedRow, TableRows } from './postgres-batch.ts'
import { reactionTo, rowOfCopy, sqlState } from './postgres-errors.ts'
import { copyStatement, emptyStagingStatement, isUpsert, mergeStatement } from './table-sql.ts'

/** Rows `from` to `to`, exclusive. */
interface RowRange {
  readonly from: number
  readonly to: number
}

/** Every row is sent at most twice where Postgres names the line, and in any case the work is bounded by the number of rows. */
export async function writeRows(
  context: WriterContext,
  connection: PostgresConnection,
  rows: TableRows,
): Promise<readonly RejectedRow[]> {
  const rejected: RejectedRow[] = []
  // Ranges still to be written, the next one last: rows are written in the order of the log.
  const pending: RowRange[] = [{ from: 0, to: rows.buffer.rows }]
  for (let range = pending.pop(); range !== undefined; range = pending.pop()) {
    if (range.from === range.to) continue
    const error = await tryRange(context, connection, rows, range)
    if (error === undefined) continue
    if (range.to - range.from === 1) rejected.push(rejection(rows, range.from, error))
    else pending.push(...split(range, rowOfCopy(error)))
  }
  countRows(context, rows, rejected.length)
  return rejected
}

/** The error of a row in the range, with nothing of the range written; any other error is thrown. */
async function tryRange(
  context: WriterContext,
  connection: PostgresConnection,
  rows: TableRows,
  range: RowRange,
): Promise<unknown> {
  const savepoint = range.from === 0 ? 'SAVEPOINT piece; ' : 'RELEASE SAVEPOINT piece; SAVEPOINT piece; '
  try {
    await copyRows(context, connection, rows, range, savepoint)
    if (isUpsert(rows.table)) await merge(context, connection, rows)
    if (isUpsert(rows.table) && range.to < rows.buffer.rows) await connection.run(emptyStagingStatement(rows.table))
    return undefined
  } catch (error) {
    if (reactionTo(error) !== 'reject row') throw error
    await connection.run('ROLLBACK TO SAVEPOINT piece')
    return error
  }
}

export async function copyRows(
  { schema, clock, cells }: WriterContext,
  connection: PostgresConnection,
  { table, buffer }: TableRows,
  { from, to }: RowRange,
  /** Sent with COPY, in the same round trip. */
  before: string,
): Promise<void> {
  const startedAt = clock.now()
  await connection.copyIn(before + copyStatement(schema, table), copyFile(buffer.slices(from, to)))
  cells.phase('copy', clock.now() - startedAt)
}

function* copyFile(slices: Iterable<Buffer>): Generator<Buffer> {
  yield copyHeader
  yield* slices
  yield copyTrailer
}

async function merge(
  { schema, clock, cells }: WriterContext,
  connection: PostgresConnection,
  { table }: TableRows,
): Promise<void> {
  const startedAt = clock.now()
  await connection.run(mergeStatement(schema, table))
  cells.phase('merge', clock.now() - startedAt)
}

/** Around the bad row when it is known (those before it are good), else in halves; the first to be written comes last. */
function split({ from, to }: RowRange, badRow: number | undefined): readonly RowRange[] {
  if (badRow === undefined || from + badRow >= to) {
    const middle = (from + to) >>> 1
    return [
      { from: middle, to },
      { from, to: middle },
    ]
  }
  const bad = from + badRow
  return [
    { from: bad + 1, to },
    { from: bad, to: bad + 1 },
    { from, to: bad },
  ]
}

function rejection({ table, origins }: TableRows, row: number, error: unknown): RejectedRow {
  const message = error instanceof Error ? error.message : String(error)
  return {
    step: table.name,
    origin: origins[row] ?? 0,
    code: `sql_${sqlState(error) ?? 'unknown'}`,
    message: message.slice(0, 1000),
  }
}

function countRows({ cells }: WriterContext, { table, buffer, deletes }: TableRows, rejected: number): void {
  const accepted = buffer.rows - rejected
  cells.rows(table.name, isUpsert(table) ? 'upsert' : 'insert', Math.max(0, accepted - deletes))
  cells.rows(table.name, 'delete', Math.min(accepted, deletes))
}
