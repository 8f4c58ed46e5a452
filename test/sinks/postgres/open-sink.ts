// What tests of the Postgres sink share: a sink on a schema of its own, and one batch in one call.
import { randomBytes } from 'node:crypto'
import pgDriver from 'pg'
import { systemClock } from '../../../core/clock.ts'
import { seededRandom } from '../../../core/random.ts'
import {
  createPostgresSink,
  type PostgresSink,
  type PostgresSinkOptions,
} from '../../../sinks/postgres/postgres-sink.ts'
import type { SinkOutcome, SinkSource, SinkTable, SinkWriter } from '../../../sinks/sink.ts'

export const source: SinkSource = { app: 'test', topic: 'enriched', partition: 0, topicId: 'first-topic' }

export interface OpenSink {
  readonly schema: string
  readonly sink: PostgresSink
  query(text: string): Promise<readonly Record<string, unknown>[]>
  close(): Promise<void>
}

export function openSink(url: string, options: Partial<PostgresSinkOptions> = {}): OpenSink {
  const schema = options.schema ?? `t${randomBytes(6).toString('hex')}`
  const sink = createPostgresSink({
    connection: url,
    app: 'test',
    clock: systemClock,
    random: seededRandom(1),
    ...options,
    schema,
  })
  return {
    schema,
    sink,
    query: (text) => queryOnce(url, text),
    close: async () => {
      await sink.clearSchema()
      await queryOnce(url, `DROP SCHEMA IF EXISTS ${schema} CASCADE`)
    },
  }
}

/** On a connection of its own, since tests kill servers. */
async function queryOnce(url: string, text: string): Promise<readonly Record<string, unknown>[]> {
  const client = new pgDriver.Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query(text)).rows
  } finally {
    await client.end()
  }
}

/** Row i of the batch comes from offset `from` + i. */
export function commitRows(
  writer: SinkWriter,
  table: SinkTable,
  rows: readonly Readonly<Record<string, unknown>>[],
  move: { readonly from: number; readonly to: number },
  signal: AbortSignal = new AbortController().signal,
): Promise<SinkOutcome> {
  const batch = writer.newBatch()
  for (const [i, row] of rows.entries()) {
    batch.add(table, row, { offset: move.from + i, key: Buffer.from(`${move.from + i}`), value: undefined })
  }
  return writer.commit(batch, move, signal)
}

/** Numbers `from` to `to`, exclusive. */
export function numbers(from: number, to: number): readonly number[] {
  return Array.from({ length: to - from }, (_, i) => from + i)
}
