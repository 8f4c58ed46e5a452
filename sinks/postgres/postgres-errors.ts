// What an error of Postgres or of its connection asks for: try again, take a row out, or stop.
import pg from 'pg'

export type Reaction = 'retry' | 'reject row' | 'stop'

/** Postgres' five characters; undefined when the connection itself failed. */
export function sqlState(error: unknown): string | undefined {
  return error instanceof pg.DatabaseError ? error.code : undefined
}

/** Classes of SQLSTATE: connection, resources, operator intervention, system error; a transaction that lost against another; a standby that is about to be promoted. */
const passing = /^(08|53|57|58|40001|40P01|25006|25P0[34]|55P03)/
/** Values and constraints; a row or an entry of an index that is too large (54000). */
const ofOneRow = /^(22|23|54000)/

export function reactionTo(error: unknown): Reaction {
  const state = sqlState(error)
  if (state === undefined) return isConnectionLoss(error) ? 'retry' : 'stop'
  if (passing.test(state)) return 'retry'
  return ofOneRow.test(state) ? 'reject row' : 'stop'
}

/** The class for metrics: a closed set. */
export function sqlStateClass(error: unknown): string {
  return sqlState(error)?.slice(0, 2) ?? 'connection'
}

/** The row (from 0) that COPY stumbled over, when Postgres names it. */
export function rowOfCopy(error: unknown): number | undefined {
  const where = error instanceof pg.DatabaseError ? error.where : undefined
  const line = /^COPY .*, line (\d+)/m.exec(where ?? '')?.[1]
  return line === undefined ? undefined : Number(line) - 1
}

/** Node's network errors carry a code; pg's own say in words that the connection is gone. */
function isConnectionLoss(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  return /^(E[A-Z]+|ERR_STREAM_[A-Z_]+)$/.test(code) || /connection|timeout|not queryable|socket/i.test(error.message)
}
