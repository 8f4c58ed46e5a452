// How near does the Postgres sink come to the server's own `COPY … FROM` of a binary file into the same table?
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pgDriver from 'pg'
import { systemClock } from '../core/clock.ts'
import { silentLogger } from '../core/logger.ts'
import { type Random, seededRandom } from '../core/random.ts'
import { copyHeader, copyTrailer, RowEncoder } from '../sinks/postgres/binary-copy.ts'
import { ChunkPool } from '../sinks/postgres/chunk-pool.ts'
import { startEmbeddedPostgres } from '../sinks/postgres/embedded-server.ts'
import { createPostgresSink, type PostgresSink } from '../sinks/postgres/postgres-sink.ts'
import { RowBuffer } from '../sinks/postgres/row-buffer.ts'
import { type PgTableShape, pg, pgTable } from '../sinks/postgres/table.ts'

const columns = {
  case_id: pg.text(),
  opened_at: pg.timestamptz,
  closed_at: pg.nullable(pg.timestamptz),
  updated_at: pg.timestamptz,
  row_version: pg.text(),
  status: pg.text(),
  category: pg.text(),
  request_type: pg.text(),
  agency: pg.text(),
  address: pg.nullable(pg.text()),
  neighborhood: pg.nullable(pg.text()),
  district: pg.nullable(pg.int4),
  latitude: pg.nullable(pg.float8),
  longitude: pg.nullable(pg.float8),
  source: pg.text(),
  opened_so_far: pg.nullable(pg.int4),
}
const appended = pgTable('appended', columns, { append: true })
const upserted = pgTable('upserted', columns, { key: ['case_id'], newest: ['updated_at', 'row_version'] })

const rowCount = 200_000
const batchRows = 20_000
const fetchRows = 1_000
const rounds = 4

type Row = Readonly<Record<string, unknown>>

export async function run(): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'millrace-bench-'))
  const server = await startEmbeddedPostgres({ directory, logger: silentLogger })
  try {
    await measure(server.url)
  } finally {
    await server.stop()
    await rm(directory, { recursive: true })
  }
}

async function measure(url: string): Promise<void> {
  const options = { connection: url, schema: 'bench', app: 'bench', clock: systemClock }
  const sink = createPostgresSink({ ...options, random: seededRandom(1) })
  const client = new pgDriver.Client({ connectionString: url })
  try {
    await client.connect()
    await sink.prepare([appended, upserted])
    const rows = casesOf(seededRandom(311))
    const file = await binaryFile(rows, 'all')
    const parts = await filesOfBatches(rows)
    console.log(
      `${rowCount} rows of 16 columns, ${batchRows} a transaction, best of ${rounds}; rows/s (CPU of this process, µs a row)`,
    )
    const reference = await best(async () => {
      await client.query('TRUNCATE bench_g1.appended')
      return timed(() => client.query(`COPY bench_g1.appended FROM '${file}' (FORMAT binary)`))
    })
    report('server COPY FROM file', reference, reference)
    const committing = await best(async () => {
      await client.query('TRUNCATE bench_g1.appended')
      return timed(async () => {
        for (const part of parts) await client.query(`COPY bench_g1.appended FROM '${part}' (FORMAT binary)`)
      })
    })
    report('server, as many commits', committing, reference)
    report('encode only', await best(() => timed(() => Promise.resolve(encode(rows)))), reference)
    for (const table of [appended, upserted]) {
      const empty = await best(async () => {
        await client.query(`TRUNCATE bench_g1.${table.name}, bench_g1.sink_positions`)
        return timed(() => writeAll(sink, table, rows))
      })
      report(`sink, ${table.name}`, empty, reference)
    }
    const again = await best(async () => {
      await client.query('TRUNCATE bench_g1.sink_positions')
      return timed(() => writeAll(sink, upserted, rows))
    })
    report('sink, upserted again', again, reference)
    for (const written of [file, ...parts]) await rm(written)
  } finally {
    await client.end()
  }
}

interface Measure {
  readonly seconds: number
  readonly cpuMicros: number
}

async function timed(work: () => Promise<unknown>): Promise<Measure> {
  const cpu = process.cpuUsage()
  const startedAt = performance.now()
  await work()
  const seconds = (performance.now() - startedAt) / 1000
  const { user, system } = process.cpuUsage(cpu)
  return { seconds, cpuMicros: (user + system) / rowCount }
}

async function best(round: () => Promise<Measure>): Promise<Measure> {
  let found = await round()
  for (let i = 1; i < rounds; i++) {
    const next = await round()
    if (next.seconds < found.seconds) found = next
  }
  return found
}

function report(name: string, { seconds, cpuMicros }: Measure, reference: Measure): void {
  const rate = Math.round(rowCount / seconds).toLocaleString('en')
  const ratio = Math.round((100 * reference.seconds) / seconds)
  console.log(`${name.padEnd(24)} ${rate.padStart(10)} (${cpuMicros.toFixed(2)})  ${ratio} % of the server's`)
}

/** As the runtime does it: the next batch is filled, a fetch at a time, while one is being committed. */
async function writeAll(sink: PostgresSink, table: PgTableShape, rows: readonly Row[]): Promise<void> {
  const writer = await sink.open({ app: 'bench', topic: table.name, partition: 0, topicId: 'bench' })
  const never = new AbortController().signal
  let committing: Promise<unknown> = Promise.resolve()
  const key = Buffer.alloc(16, 'k')
  const value = Buffer.alloc(253, 'v')
  for (let from = 0; from < rows.length; from += batchRows) {
    const batch = writer.newBatch()
    for (let i = from; i < from + batchRows; i++) {
      batch.add(table, rows[i] ?? {}, { offset: i, key, value })
      if (i % fetchRows === 0) await new Promise((resolve) => setImmediate(resolve))
    }
    await committing
    committing = writer.commit(batch, { from, to: from + batchRows }, never)
  }
  await committing
  await writer.close()
}

function encode(rows: readonly Row[]): RowBuffer {
  const buffer = new RowBuffer(new ChunkPool())
  const encoder = new RowEncoder(appended)
  for (const row of rows) encoder.encode(buffer, row)
  return buffer
}

async function filesOfBatches(rows: readonly Row[]): Promise<readonly string[]> {
  const files: string[] = []
  for (let from = 0; from < rows.length; from += batchRows) {
    files.push(await binaryFile(rows.slice(from, from + batchRows), `${from}`))
  }
  return files
}

async function binaryFile(rows: readonly Row[], name: string): Promise<string> {
  const file = join(tmpdir(), `millrace-bench-${process.pid}-${name}.copy`)
  const buffer = encode(rows)
  await writeFile(file, [copyHeader, ...buffer.slices(0, buffer.rows), copyTrailer])
  await chmod(file, 0o644)
  return file
}

function casesOf(random: Random): readonly Row[] {
  const start = Date.UTC(2024, 0, 1)
  const pick = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)] as T // an index in the bounds
  return Array.from({ length: rowCount }, (_, i) => {
    const opened = start + i * 60_000
    const known = random() < 0.97
    return {
      case_id: String(17_000_000 + i),
      opened_at: opened,
      closed_at: random() < 0.8 ? opened + Math.floor(random() * 1e9) : undefined,
      updated_at: opened + Math.floor(random() * 1e9),
      row_version: `row-${(i * 2654435761) % 4294967296}`,
      status: pick(['Open', 'Closed']),
      category: pick(['Street and Sidewalk Cleaning', 'Graffiti', 'Parking Enforcement', 'Tree Maintenance']),
      request_type: pick(['Bulky Items', 'Graffiti on Building_commercial', 'Blocking_Driveway_Cite_Only']),
      agency: pick(['DPW Ops Queue', 'MTA - Parking Enforcement Dispatch Queue', 'DPW - Bureau of Urban Forestry']),
      address: known ? `${Math.floor(random() * 4000)} Mission St, San Francisco, CA 94110` : undefined,
      neighborhood: known ? pick(['Mission', 'Tenderloin', 'Bayview Hunters Point', 'South of Market']) : undefined,
      district: known ? 1 + Math.floor(random() * 11) : undefined,
      latitude: known ? 37.7 + random() / 10 : undefined,
      longitude: known ? -122.5 + random() / 10 : undefined,
      source: pick(['Mobile/Open311', 'Web', 'Phone']),
      opened_so_far: Math.floor(random() * 1000),
    }
  })
}
