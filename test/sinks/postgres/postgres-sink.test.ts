import { randomBytes } from 'node:crypto'
import pgDriver from 'pg'
import { systemClock } from '../../../core/clock.ts'
import { seededRandom } from '../../../core/random.ts'
import { createPostgresSink } from '../../../sinks/postgres/postgres-sink.ts'
import { describeSink, type ReadRow, type SinkUnderTest } from '../../conformance/sink.ts'
import { usePostgres } from '../../services/postgres.ts'

const postgres = usePostgres()

describeSink('Postgres', async (): Promise<SinkUnderTest> => {
  const schema = `t${randomBytes(6).toString('hex')}`
  const { url } = postgres()
  const sink = createPostgresSink({ connection: url, schema, app: 'test', clock: systemClock, random: seededRandom(1) })
  const client = new pgDriver.Client({ connectionString: url })
  await client.connect()
  return {
    sink,
    rows: async ({ name }) => (await client.query(`SELECT * FROM ${schema}.${name}`)).rows.map(normal),
    deadLetters: async () => {
      const { rows } = await client.query(
        `SELECT "offset"::float8, step, code, key, value FROM ${schema}.sink_dead_letters ORDER BY "offset"`,
      )
      return rows.map(({ offset, step, code, key, value }) => ({
        offset,
        step,
        code,
        key: key ?? undefined,
        value: value ?? undefined,
      }))
    },
    close: async () => {
      await client.end()
      await sink.clearSchema()
      await sink.close()
    },
  }
})

function normal(row: ReadRow): ReadRow {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => [name, value instanceof Date ? value.getTime() : (value ?? undefined)]),
  )
}
