// Where each source goes on: a compacted topic with one record a source, written in the transaction of the rows it covers.
import type { Cluster, LogReader } from '../../kafka/cluster.ts'
import { defaultTopicConfig } from '../../kafka/cluster.ts'
import { committedBatches } from '../../kafka/committed-batches.ts'
import { RecordBatchWriter } from '../../kafka/record-batch/record-batch-writer.ts'
import { RecordColumns } from '../../kafka/record-batch/record-columns.ts'
import type { Cursor } from './source.ts'

const PARTITION = 0
const FETCH = { isolation: 'read_committed', maxBytes: 1 << 20, maxBytesPerPartition: 1 << 20, maxWaitMs: 100 } as const

export async function createCursorTopic(cluster: Cluster, name: string): Promise<void> {
  await cluster.admin.createTopics([
    { name, partitions: 1, config: { ...defaultTopicConfig, cleanupPolicy: 'compact' } },
  ])
}

/** The last committed cursor of each source, by its name. Call after the producer is initialised, so that no transaction is open. */
export async function readCursors(cluster: Cluster, topic: string): Promise<Map<string, Cursor>> {
  const cursors = new Map<string, Cursor>()
  const [offsets] = await cluster.admin.offsets([{ topic, partition: PARTITION }])
  const reader = cluster.openReader()
  try {
    for (let at = offsets?.earliest ?? 0; at < (offsets?.stable ?? 0); ) at = await readOn(reader, topic, at, cursors)
  } finally {
    await reader.close()
  }
  return cursors
}

export function cursorBatch(source: string, cursor: Cursor, now: number): RecordBatchWriter {
  const records = new RecordBatchWriter(512)
  const key = Buffer.from(source)
  const value = Buffer.from(JSON.stringify(cursor))
  records.append(now, key, 0, key.length, value, 0, value.length)
  return records
}

async function readOn(reader: LogReader, topic: string, offset: number, cursors: Map<string, Cursor>): Promise<number> {
  const [fetched] = await reader.fetch([{ topic, partition: PARTITION, offset }], FETCH)
  if (fetched === undefined) return offset
  const columns = new RecordColumns()
  let position = offset
  for (const next of committedBatches(fetched, offset, columns)) {
    for (let row = 0; row < columns.count; row++) keep(columns, row, cursors)
    position = next
  }
  return position
}

function keep(columns: RecordColumns, row: number, cursors: Map<string, Cursor>): void {
  const source = columns.buffer.toString('utf8', columns.keyStart[row], columns.keyEnd[row])
  const cursor: unknown = JSON.parse(columns.buffer.toString('utf8', columns.valueStart[row], columns.valueEnd[row]))
  if (isCursor(cursor)) cursors.set(source, cursor)
}

function isCursor(value: unknown): value is Cursor {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
