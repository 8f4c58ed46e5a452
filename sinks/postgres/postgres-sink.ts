// The sink that writes to Postgres: prepares the tables of its generation, and opens one writer a source partition.
import { assert } from '../../core/assert.ts'
import type { Clock } from '../../core/clock.ts'
import { Retriable } from '../../core/errors.ts'
import type { Random } from '../../core/random.ts'
import type { Measurements } from '../../metrics/measurements.ts'
import type { Sink, SinkSource, SinkTable } from '../sink.ts'
import { ChunkPool } from './chunk-pool.ts'
import { PostgresConnection } from './connection.ts'
import { createGenerationRow, createView, dropGenerations, generationSchema } from './generations.ts'
import { migrateTable } from './migration.ts'
import { reactionTo } from './postgres-errors.ts'
import { PostgresWriter, type SinkRetry } from './postgres-writer.ts'
import { SinkCells } from './sink-cells.ts'
import { deadLettersTable, positionsTable } from './sink-tables.ts'
import { isPgTable, type PgTableShape } from './table.ts'
import { quoted } from './table-sql.ts'

export interface PostgresSinkOptions {
  /** `postgres://user:password@host:port/database` */
  readonly connection: string
  /** Where users query. The rows lie in `<schema>_g<generation>`. */
  readonly schema: string
  /** Shown by Postgres as the connections' name. */
  readonly app: string
  /** Default 1. A replay writes to the next one, beside the live tables. */
  readonly generation?: number
  readonly clock: Clock
  readonly random: Random
  readonly measurements?: Measurements
  /** Told of every failed attempt before the wait. */
  readonly onRetry?: (retry: SinkRetry) => void
  /** Longest statement. Default 30,000. */
  readonly statementTimeoutMs?: number
  /** After this long a stopped process no longer holds its row lock. Default 10,000. */
  readonly idleInTransactionTimeoutMs?: number
  /** A transaction that takes longer is cut off and tried again. Default 120,000. */
  readonly attemptTimeoutMs?: number
}

export function createPostgresSink(options: PostgresSinkOptions): PostgresSink {
  return new PostgresSink(options)
}

export class PostgresSink implements Sink {
  readonly kind = 'postgres'
  private readonly options: PostgresSinkOptions
  private readonly generation: number
  private readonly pool = new ChunkPool()
  private readonly cells: SinkCells

  constructor(options: PostgresSinkOptions) {
    this.options = options
    this.generation = options.generation ?? 1
    assert(/^[a-z_][a-z0-9_]{0,50}$/.test(options.schema), `schema '${options.schema}' is not a plain lower-case name`)
    assert(
      Number.isInteger(this.generation) && this.generation > 0,
      `generation ${this.generation} is not a number from 1`,
    )
    this.cells = new SinkCells('postgres', options.measurements)
  }

  async prepare(tables: readonly SinkTable[]): Promise<void> {
    await this.alone(async (connection) => {
      const { schema } = this.options
      const physical = generationSchema(schema, this.generation)
      await connection.run(
        `CREATE SCHEMA IF NOT EXISTS ${quoted(schema)}; CREATE SCHEMA IF NOT EXISTS ${quoted(physical)}`,
      )
      await createGenerationRow(connection, schema, this.generation)
      const visible = [...tables.map(asPgTable), deadLettersTable]
      for (const table of [...visible, positionsTable]) await migrateTable(connection, physical, table)
      for (const table of visible) await createView(connection, schema, table)
    })
  }

  open(source: SinkSource): Promise<PostgresWriter> {
    const { clock, random, onRetry, attemptTimeoutMs } = this.options
    const schema = generationSchema(this.options.schema, this.generation)
    return PostgresWriter.open(
      { schema, source, clock, cells: this.cells, pool: this.pool },
      {
        connect: () => this.connect(`${source.topic}-${source.partition}`),
        random,
        attemptTimeoutMs: attemptTimeoutMs ?? 120_000,
        onRetry: onRetry ?? (() => {}),
      },
    )
  }

  /** Removes everything the sink ever wrote under its schema, positions included: all is read again from the log. */
  async clearSchema(): Promise<void> {
    await this.alone((connection) => dropGenerations(connection, this.options.schema))
  }

  /** Writers are closed by whoever opened them; nothing else is held. */
  async close(): Promise<void> {}

  private connect(purpose: string): Promise<PostgresConnection> {
    return PostgresConnection.open({ ...this.options, applicationName: `${this.options.app} ${purpose}`.slice(0, 63) })
  }

  /** In one transaction that no other process's preparation runs beside. */
  private async alone(work: (connection: PostgresConnection) => Promise<void>): Promise<void> {
    let connection: PostgresConnection | undefined
    try {
      connection = await this.connect('prepare')
      // An index on a large table takes its time; a writer in the way does not get as much.
      await connection.run("BEGIN; SET LOCAL statement_timeout = '10min'; SET LOCAL lock_timeout = '30s'")
      await connection.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 311))', [this.options.schema])
      await work(connection)
      await connection.run('COMMIT')
    } catch (error) {
      throw reactionTo(error) === 'retry'
        ? new Retriable('sink_unavailable', 'Postgres: no answer', { cause: error })
        : error
    } finally {
      await connection?.close()
    }
  }
}

function asPgTable(table: SinkTable): PgTableShape {
  assert(isPgTable(table), `${table.kind} ${table.name} is not a Postgres table`)
  return table
}
