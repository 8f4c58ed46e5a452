// What the cluster conformance tests share: a cluster under trial, topics of their own, and short words for writing and reading.
import { randomUUID } from 'node:crypto'
import { systemClock } from '../../../core/clock.ts'
import {
  type Cluster,
  defaultTopicConfig,
  type FetchOptions,
  type Isolation,
  type TopicConfig,
  type TransactionalProducer,
} from '../../../kafka/cluster.ts'
import { visitCommitted } from '../../../kafka/committed-batches.ts'
import { RecordBatchWriter } from '../../../kafka/record-batch/record-batch-writer.ts'
import { RecordColumns } from '../../../kafka/record-batch/record-columns.ts'

export interface ClusterUnderTrial {
  readonly cluster: Cluster
  close(): Promise<void>
  /** Runs compaction on the topic; where it cannot be forced, its test is skipped. */
  compact?(topic: string): Promise<void>
}

export interface Row {
  readonly offset: number
  readonly timestamp: number
  readonly key: string | undefined
  readonly value: string | undefined
}

const patienceMs = 30_000

export const fetchOptions: FetchOptions = {
  isolation: 'read_committed',
  maxBytes: 8 * 1024 * 1024,
  maxBytesPerPartition: 1024 * 1024,
  maxWaitMs: 200,
}

/** One batch of records with these values; `key=value` sets a key, `key=` is a tombstone. */
export function batchOf(values: readonly string[], timestamp = 1_700_000_000_000): RecordBatchWriter {
  const records = new RecordBatchWriter(64)
  for (const text of values) {
    const [key, value] = text.includes('=') ? text.split('=') : [undefined, text]
    const keyBytes = key === undefined ? undefined : Buffer.from(key)
    const valueBytes = value === '' ? undefined : Buffer.from(value ?? '')
    records.append(timestamp, keyBytes, 0, keyBytes?.length ?? 0, valueBytes, 0, valueBytes?.length ?? 0)
  }
  return records
}

export class Trial {
  readonly cluster: Cluster
  readonly topic: string
  readonly under: ClusterUnderTrial

  constructor(under: ClusterUnderTrial, topic = `trial-${randomUUID()}`) {
    this.under = under
    this.cluster = under.cluster
    this.topic = topic
  }

  async createTopic(config: Partial<TopicConfig> = {}, partitions = 2): Promise<void> {
    await this.cluster.admin.createTopics([
      { name: this.topic, partitions, config: { ...defaultTopicConfig, ...config } },
    ])
  }

  producer(transactionalId: string = randomUUID()): Promise<TransactionalProducer> {
    return this.cluster.initProducer({ transactionalId, transactionTimeoutMs: 60_000 })
  }

  async send(producer: TransactionalProducer, values: readonly string[], partition = 0, timestamp?: number) {
    const [offset] = await producer.send([{ topic: this.topic, partition, records: batchOf(values, timestamp) }])
    return offset ?? -1
  }

  /** One committed transaction. */
  async write(values: readonly string[], partition = 0, timestamp?: number): Promise<void> {
    const producer = await this.producer()
    await this.send(producer, values, partition, timestamp)
    await producer.commit()
    await this.settled(partition)
  }

  async offsets(partition = 0) {
    const [offsets] = await this.cluster.admin.offsets([{ topic: this.topic, partition }])
    return offsets ?? { earliest: -1, stable: -1, latest: -1 }
  }

  /** Waits until no transaction is open: markers may follow a commit by some milliseconds. */
  async settled(partition = 0): Promise<void> {
    await eventually(async () => {
      const { stable, latest } = await this.offsets(partition)
      return stable === latest
    })
  }

  /** Everything from `from` to the end that this isolation knows. */
  async read(isolation: Isolation = 'read_committed', from?: number, partition = 0): Promise<Row[]> {
    const { earliest, stable, latest } = await this.offsets(partition)
    const end = isolation === 'read_committed' ? stable : latest
    const reader = this.cluster.openReader()
    const columns = new RecordColumns()
    const rows: Row[] = []
    const deadline = Date.now() + patienceMs
    let position = from ?? earliest
    while (position < end && Date.now() < deadline) {
      const answers = await reader.fetch([{ topic: this.topic, partition, offset: position }], {
        ...fetchOptions,
        isolation,
      })
      for (const answer of answers)
        position = visitCommitted(answer, position, columns, (batch) => rows.push(...rowsOf(batch)))
    }
    await reader.close()
    return rows
  }

  async values(isolation: Isolation = 'read_committed', partition = 0): Promise<(string | undefined)[]> {
    return (await this.read(isolation, undefined, partition)).map(({ value }) => value)
  }
}

export async function eventually(isSo: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + patienceMs
  while (!(await isSo())) {
    if (Date.now() > deadline) throw new Error(`not so within ${patienceMs} ms`)
    await systemClock.sleep(5)
  }
}

export function rowsOf(columns: RecordColumns): Row[] {
  return Array.from({ length: columns.count }, (_, row) => ({
    offset: columns.offset(row),
    timestamp: columns.timestamp(row),
    key: columns.isNullKey(row) ? undefined : columns.buffer.utf8Slice(columns.keyStart[row], columns.keyEnd[row]),
    value: columns.isNullValue(row)
      ? undefined
      : columns.buffer.utf8Slice(columns.valueStart[row], columns.valueEnd[row]),
  }))
}
