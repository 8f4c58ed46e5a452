// Fills sf311.raw of an embedded cluster with as many cases as a bench wants: real rows under new ids, with later versions and repeats among them.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { caseId } from '../../cities/case.ts'
import type { RawCase } from '../../cities/sf/raw-case.ts'
import { sodaRow } from '../../cities/sf/soda-row.ts'
import { ByteWriter } from '../../core/byte-writer.ts'
import { seededRandom } from '../../core/random.ts'
import type { Cluster } from '../../kafka/cluster.ts'
import { writeDataHeader } from '../../kafka/engine-header.ts'
import { partitionFor } from '../../kafka/partitioner.ts'
import { RecordBatchWriter } from '../../kafka/record-batch/record-batch-writer.ts'
import type { PhysicalTopic, TopicSerdes } from '../../topology/graph.ts'

const BATCH_BYTES = 500_000
const REPEATS = 0.05
const LATER_VERSIONS = 0.2

export interface Preloaded {
  readonly records: number
  readonly bytes: number
}

/** Rows of the shared data folder; undefined when it is absent. */
export function realRows(): RawCase[] | undefined {
  const folder = process.env.SHARED_DATA ?? join(process.cwd(), '..', 'shared', 'data')
  const file = join(folder, 'sf311', 'sf311-2023-02-09-stream.ndjson.gz')
  if (!existsSync(file)) return undefined
  const lines = gunzipSync(readFileSync(file)).toString('utf8').trimEnd().split('\n')
  return lines.map((line) => sodaRow(JSON.parse(line)).raw)
}

export async function preload(
  cluster: Cluster,
  topic: PhysicalTopic,
  serdes: TopicSerdes,
  rows: readonly RawCase[],
  count: number,
): Promise<Preloaded> {
  const producer = await cluster.initProducer({ transactionalId: 'preload', transactionTimeoutMs: 60_000 })
  const batches = Array.from({ length: topic.partitions }, () => new RecordBatchWriter())
  const scratch = new ByteWriter()
  const random = seededRandom(311)
  let bytes = 0
  const flush = async (partition: number) => {
    const records = batches[partition]
    if (records === undefined || records.count === 0) return
    bytes += records.byteLength
    await producer.send([{ topic: topic.name, partition, records }])
    await producer.commit()
    records.reset()
  }
  for (let i = 0; i < count; i++) {
    scratch.reset()
    const row = rowAt(rows, i, random)
    serdes.key.write(caseId.of(row.service_request_id ?? ''), scratch)
    const keyEnd = scratch.position
    serdes.value.write(row, scratch)
    const valueEnd = scratch.position
    writeDataHeader(scratch, Date.now(), Date.now(), Date.now())
    const partition = partitionFor(scratch.buffer, 0, keyEnd, topic.partitions)
    const batch = batches[partition]
    batch?.append(
      Date.now(),
      scratch.buffer,
      0,
      keyEnd,
      scratch.buffer,
      keyEnd,
      valueEnd,
      scratch.buffer,
      valueEnd,
      scratch.position,
    )
    if (batch !== undefined && batch.byteLength > BATCH_BYTES) await flush(partition)
  }
  for (let partition = 0; partition < topic.partitions; partition++) await flush(partition)
  return { records: count, bytes }
}

/** New cases in the order of their times, some of them again later: unchanged, or closed in the meantime. */
function rowAt(rows: readonly RawCase[], i: number, random: () => number): RawCase {
  const dice = random()
  const again = dice < REPEATS + LATER_VERSIONS && i > 1000
  const number = again ? i - 1 - Math.floor(random() * 1000) : i
  const row = rows[number % rows.length] as RawCase
  const isLater = again && dice >= REPEATS
  return {
    ...row,
    service_request_id: String(20_000_000 + number),
    ...(isLater
      ? {
          updated_datetime: '2023-03-01T10:00:00.000',
          closed_date: '2023-03-01T10:00:00.000',
          content: `${row.content}later`,
        }
      : {}),
  }
}
