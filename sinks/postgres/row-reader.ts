// Read-only statements on the sink's Postgres, for pages and summaries: few connections, a bound on each statement.
import pg from 'pg'

export interface RowReader {
  /** Runs one statement; it can change nothing. */
  rows(sql: string, parameters?: readonly unknown[]): Promise<readonly Record<string, unknown>[]>
  close(): Promise<void>
}

const CONNECTIONS_MAX = 2
const STATEMENT_TIMEOUT_MS = 3_000

export function openRowReader(connection: string): RowReader {
  const pool = new pg.Pool({
    connectionString: connection,
    max: CONNECTIONS_MAX,
    connectionTimeoutMillis: STATEMENT_TIMEOUT_MS,
    statement_timeout: STATEMENT_TIMEOUT_MS,
    application_name: 'millrace-reader',
    options: '-c default_transaction_read_only=on',
  })
  // A lost idle connection shows at its next statement.
  pool.on('error', () => {})
  return {
    rows: async (sql, parameters = []) => (await pool.query<Record<string, unknown>>(sql, [...parameters])).rows,
    close: () => pool.end(),
  }
}
