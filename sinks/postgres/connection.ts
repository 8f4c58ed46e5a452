// One connection to Postgres as a writer needs it: bounded, cut off at will, and with its staging tables.
import { Socket } from 'node:net'
import { type DuplexOptions, Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import pg from 'pg'
import { from as copyFrom } from 'pg-copy-streams'

export interface ConnectionOptions {
  readonly connection: string
  readonly applicationName: string
  /** Longest statement. Default 30,000. */
  readonly statementTimeoutMs?: number
  /** After this long a stopped process no longer holds its row lock. Default 10,000. */
  readonly idleInTransactionTimeoutMs?: number
}

/** A dead peer is noticed after about ten seconds; a batch is sorted and staged in memory. */
const sessionSettings =
  '-c tcp_keepalives_idle=5 -c tcp_keepalives_interval=2 -c tcp_keepalives_count=3 -c work_mem=64MB -c temp_buffers=64MB'

const sendBufferBytes = 1_048_576

export class PostgresConnection {
  private readonly client: pg.Client
  private readonly socket: Socket
  private readonly staged = new Set<string>()

  private constructor(client: pg.Client, socket: Socket) {
    this.client = client
    this.socket = socket
    // The loss of an idle connection shows at its next statement.
    client.on('error', () => {})
  }

  static async open(options: ConnectionOptions): Promise<PostgresConnection> {
    // Room for many chunks: else each of them would wait for a turn of the event loop that fills the next batch.
    const room: DuplexOptions = { writableHighWaterMark: sendBufferBytes }
    const socket = new Socket(room)
    const client = new pg.Client({
      connectionString: options.connection,
      application_name: options.applicationName,
      connectionTimeoutMillis: 10_000,
      statement_timeout: options.statementTimeoutMs ?? 30_000,
      idle_in_transaction_session_timeout: options.idleInTransactionTimeoutMs ?? 10_000,
      keepAlive: true,
      keepAliveInitialDelayMillis: 10_000,
      options: sessionSettings,
      stream: () => socket,
    })
    const connection = new PostgresConnection(client, socket)
    await client.connect()
    return connection
  }

  query<Row extends pg.QueryResultRow>(text: string, values?: readonly unknown[]): Promise<pg.QueryResult<Row>> {
    return this.client.query<Row>(text, values === undefined ? undefined : [...values])
  }

  /** Statements in one round trip; they take no values. Returns how many rows the last one changed. */
  async run(text: string): Promise<number> {
    const results: unknown = await this.client.query(text)
    const last: unknown = Array.isArray(results) ? results.at(-1) : results
    return last instanceof pg.Result ? (last.rowCount ?? 0) : 0
  }

  async copyIn(statement: string, slices: Iterable<Buffer>): Promise<void> {
    await pipeline(Readable.from(slices), this.client.query(copyFrom(statement, { highWaterMark: sendBufferBytes })))
  }

  /** Creates a staging table at its first use on this connection. Not inside a transaction, whose end could take it back. */
  async stage(name: string, statement: string): Promise<void> {
    if (this.staged.has(name)) return
    await this.run(statement)
    this.staged.add(name)
  }

  /** Cuts the connection: whatever is under way fails at once, and the server rolls back. */
  destroy(): void {
    this.socket.destroy()
  }

  async close(): Promise<void> {
    if (this.socket.destroyed) return
    await this.client.end()
  }
}
