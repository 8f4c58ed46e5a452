// The row that says where a source partition stands in Postgres.
import { assert } from '../../core/assert.ts'
import { StreamsError } from '../../core/errors.ts'
import type { SinkSource } from '../sink.ts'
import type { PostgresConnection } from './connection.ts'
import { positionsTable } from './sink-tables.ts'
import { qualified } from './table-sql.ts'

/**
 * The next offset to read, undefined before the first commit. The row is made when it is absent, and read under lock: a transaction of another writer that is
 * still open is waited for. @throws StreamsError `topic_recreated`.
 */
export async function readPosition(
  connection: PostgresConnection,
  schema: string,
  source: SinkSource,
): Promise<number | undefined> {
  const table = qualified(schema, positionsTable.name)
  const place = [source.app, source.topic, source.partition]
  await connection.query(
    `INSERT INTO ${table} (app, topic, partition, topic_id) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`,
    [...place, source.topicId],
  )
  const { rows } = await connection.query<{ topic_id: string; next: string | null }>(
    `SELECT topic_id, next FROM ${table} WHERE app = $1 AND topic = $2 AND partition = $3 FOR UPDATE`,
    place,
  )
  const stored = rows[0]
  assert(stored !== undefined, `the position of ${source.topic}-${source.partition} vanished`)
  if (stored.topic_id !== source.topicId) throw recreated(schema, source, stored.topic_id)
  return stored.next === null ? undefined : Number(stored.next)
}

function recreated(schema: string, source: SinkSource, storedId: string): StreamsError {
  return new StreamsError(
    'topic_recreated',
    `topic ${source.topic} was made anew (id ${source.topicId}), while the rows in schema ${schema} come from ${storedId}: ` +
      `start afresh with --fresh --confirm ${source.app}, or write to a new generation`,
    { topicPartition: source },
  )
}
