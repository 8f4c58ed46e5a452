// Records as bytes, in and out of a cluster: what no serde would write, and dead letters as they lie in their topic.
import { ByteWriter } from '../../core/byte-writer.ts'
import type { Cluster } from '../../kafka/cluster.ts'
import { committedBatches } from '../../kafka/committed-batches.ts'
import { RecordBatchWriter } from '../../kafka/record-batch/record-batch-writer.ts'
import { RecordColumns } from '../../kafka/record-batch/record-columns.ts'
import { type DeadLetterRecord, readDeadLetter } from '../../runtime/dead-letter-reader.ts'

export interface RawRecord {
  /** Undefined: null. */
  readonly key: Buffer | undefined
  readonly value: Buffer | undefined
  readonly headers?: readonly { readonly name: string; readonly value: Buffer }[]
}

/** Committed in one transaction. */
export async function writeRaw(
  cluster: Cluster,
  to: { readonly topic: string; readonly partition: number; readonly timestamp: number },
  records: readonly RawRecord[],
): Promise<void> {
  const producer = await cluster.initProducer({ transactionalId: 'raw-input', transactionTimeoutMs: 60_000 })
  const batch = new RecordBatchWriter()
  for (const { key, value, headers = [] } of records) {
    const section = headerSection(headers)
    batch.append(to.timestamp, key, 0, key?.length ?? 0, value, 0, value?.length ?? 0, section)
  }
  await producer.send([{ topic: to.topic, partition: to.partition, records: batch }])
  await producer.commit()
}

/** All dead letters, partition by partition. */
export async function deadLettersIn(cluster: Cluster, topic: string): Promise<DeadLetterRecord[]> {
  const [described] = await cluster.admin.describeTopics([topic])
  const letters: DeadLetterRecord[] = []
  const reader = cluster.openReader()
  const columns = new RecordColumns()
  for (let partition = 0; partition < (described?.partitions ?? 0); partition++) {
    const options = { isolation: 'read_committed', maxBytes: 1e8, maxBytesPerPartition: 1e8, maxWaitMs: 0 } as const
    const [fetched] = await reader.fetch([{ topic, partition, offset: 0 }], options)
    if (fetched === undefined) continue
    for (const _ of committedBatches(fetched, 0, columns))
      for (let row = 0; row < columns.count; row++) letters.push(readDeadLetter(columns, row))
  }
  await reader.close()
  return letters
}

function headerSection(headers: NonNullable<RawRecord['headers']>): Buffer {
  const to = new ByteWriter()
  to.varint(headers.length)
  for (const { name, value } of headers) {
    to.varint(Buffer.byteLength(name))
    to.text(name)
    to.varint(value.length)
    to.bytes(value, 0, value.length)
  }
  return Buffer.from(to.buffer.subarray(0, to.position))
}
