// Typed records in and out of topics from outside a topology: for tests, ingest tools and people who look.
import { ByteReader } from '../core/byte-reader.ts'
import { ByteWriter } from '../core/byte-writer.ts'
import type { Cluster, LogReader, TransactionalProducer } from '../kafka/cluster.ts'
import { committedBatches } from '../kafka/committed-batches.ts'
import { EngineHeader, hasEngineHeader, writeDataHeader } from '../kafka/engine-header.ts'
import { partitionFor } from '../kafka/partitioner.ts'
import { RecordBatchWriter } from '../kafka/record-batch/record-batch-writer.ts'
import { RecordColumns } from '../kafka/record-batch/record-columns.ts'
import type { TopicSerdes } from '../topology/graph.ts'

export interface TopicRecord<K, V> {
  readonly key: K
  /** Undefined: a delete. */
  readonly value: V | undefined
  /** Event time, ms UTC. */
  readonly timestamp: number
  readonly partition: number
  readonly offset: number
}

export interface WriteRecord<K, V> {
  readonly key: K
  readonly value: V | undefined
  /** ms UTC. */
  readonly timestamp: number
  /** When it entered the system, ms UTC. */
  readonly ingestedAt: number
  /** Default: as the key's bytes say. */
  readonly partition?: number
}

/** Writes records of one topic, one transaction a call. */
export class TopicWriter<K, V> {
  private readonly topic: { readonly name: string; readonly partitions: number }
  private readonly serdes: TopicSerdes
  private readonly producer: TransactionalProducer
  private readonly scratch = new ByteWriter()

  constructor(
    topic: { readonly name: string; readonly partitions: number },
    serdes: TopicSerdes,
    producer: TransactionalProducer,
  ) {
    this.topic = topic
    this.serdes = serdes
    this.producer = producer
  }

  async write(records: readonly WriteRecord<K, V>[]): Promise<void> {
    const batches = new Map<number, RecordBatchWriter>()
    for (const record of records) this.append(record, batches)
    if (batches.size === 0) return
    await this.producer.send(
      [...batches].map(([partition, batch]) => ({ topic: this.topic.name, partition, records: batch })),
    )
    await this.producer.commit()
  }

  private append(
    { key, value, timestamp, ingestedAt, partition }: WriteRecord<K, V>,
    batches: Map<number, RecordBatchWriter>,
  ): void {
    const { scratch } = this
    scratch.reset()
    this.serdes.key.write(key, scratch)
    const keyEnd = scratch.position
    if (value !== undefined) this.serdes.value.write(value, scratch)
    const valueEnd = scratch.position
    writeDataHeader(scratch, timestamp, timestamp, ingestedAt)
    const { buffer, position } = scratch
    const to = partition ?? partitionFor(buffer, 0, keyEnd, this.topic.partitions)
    const batch = batches.get(to) ?? new RecordBatchWriter()
    batches.set(to, batch)
    batch.append(
      timestamp,
      buffer,
      0,
      keyEnd,
      value === undefined ? undefined : buffer,
      keyEnd,
      valueEnd,
      buffer,
      valueEnd,
      position,
    )
  }
}

/** Reads committed records of one topic, from the position where the last call ended. */
export class TopicReader<K, V> {
  private readonly topic: { readonly name: string; readonly partitions: number }
  private readonly serdes: TopicSerdes
  private readonly reader: LogReader
  private readonly positions: number[]
  private readonly columns = new RecordColumns()
  private readonly header = new EngineHeader()
  private readonly bytes = new ByteReader(Buffer.alloc(0))

  constructor(
    topic: { readonly name: string; readonly partitions: number },
    serdes: TopicSerdes,
    cluster: Cluster,
    from: readonly number[] = [],
  ) {
    this.topic = topic
    this.serdes = serdes
    this.reader = cluster.openReader()
    this.positions = Array.from({ length: topic.partitions }, (_, partition) => from[partition] ?? 0)
  }

  /** Everything committed since the last call: partition by partition, each in the order of its log. */
  async readAll(): Promise<TopicRecord<K, V>[]> {
    const records: TopicRecord<K, V>[] = []
    for (let partition = 0; partition < this.topic.partitions; partition++)
      while (await this.readOnce(partition, records));
    return records
  }

  async close(): Promise<void> {
    await this.reader.close()
  }

  private async readOnce(partition: number, records: TopicRecord<K, V>[]): Promise<boolean> {
    const from = this.positions[partition] ?? 0
    const [fetched] = await this.reader.fetch([{ topic: this.topic.name, partition, offset: from }], {
      isolation: 'read_committed',
      maxBytes: 1024 * 1024,
      maxBytesPerPartition: 1024 * 1024,
      maxWaitMs: 0,
    })
    if (fetched === undefined) return false
    for (const next of committedBatches(fetched, from, this.columns)) {
      for (let row = 0; row < this.columns.count; row++)
        if (!this.isControl(row)) records.push(this.record(row, partition))
      this.positions[partition] = next
    }
    return (this.positions[partition] ?? 0) > from
  }

  /** Watermark records stand between the data of repartition topics. */
  private isControl(row: number): boolean {
    return this.columns.isNullKey(row) && this.readHeader(row) && this.header.kind === 'watermark'
  }

  private record(row: number, partition: number): TopicRecord<K, V> {
    const { columns, serdes } = this
    const timestamp = this.readHeader(row) ? this.header.timestamp : columns.timestamp(row)
    // The caller's definition of the topic says what its serdes read.
    const key = serdes.key.read(columns.buffer, columns.keyStart[row] as number, columns.keyEnd[row] as number) as K
    const value = columns.isNullValue(row)
      ? undefined
      : (serdes.value.read(columns.buffer, columns.valueStart[row] as number, columns.valueEnd[row] as number) as V)
    return { key, value, timestamp, partition, offset: columns.offset(row) }
  }

  private readHeader(row: number): boolean {
    const start = this.columns.headersStart[row] as number
    const end = this.columns.headersEnd[row] as number
    if (!hasEngineHeader(this.columns.buffer, start, end)) return false
    this.header.read(this.bytes, this.columns.buffer, start, end)
    return true
  }
}
