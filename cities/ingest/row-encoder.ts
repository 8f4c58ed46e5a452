// Rows as records of the raw topic: in the partition of their key, with the time of ingest in the header; one reused batch a partition.
import { ByteWriter } from '../../core/byte-writer.ts'
import type { ProducedBatch } from '../../kafka/cluster.ts'
import { writeDataHeader } from '../../kafka/engine-header.ts'
import { partitionFor } from '../../kafka/partitioner.ts'
import { RecordBatchWriter } from '../../kafka/record-batch/record-batch-writer.ts'
import type { Serde } from '../../serdes/serde.ts'
import type { CaseId } from '../case.ts'
import type { KeyedRow } from './source.ts'

/** Well below a broker's limit of 1 MB a batch. */
const BATCH_BYTES_MAX = 600_000

export interface EncoderTopic<Raw> {
  readonly name: string
  readonly partitions: number
  readonly key: Serde<CaseId>
  readonly value: Serde<Raw>
  readonly timestampOf: (raw: Raw) => number
}

export class RowEncoder<Raw> {
  private readonly topic: EncoderTopic<Raw>
  private readonly scratch = new ByteWriter(8192)
  private readonly batches: readonly ProducedBatch[]

  constructor(topic: EncoderTopic<Raw>) {
    this.topic = topic
    this.batches = Array.from({ length: topic.partitions }, (_, partition) => ({
      topic: topic.name,
      partition,
      records: new RecordBatchWriter(),
    }))
  }

  /** Whether some batch is so full that it has to be sent before more is added. */
  get isFull(): boolean {
    return this.batches.some(({ records }) => records.byteLength > BATCH_BYTES_MAX)
  }

  /** The batches that hold something; valid until `clear`. */
  filled(): readonly ProducedBatch[] {
    return this.batches.filter(({ records }) => records.count > 0)
  }

  clear(): void {
    for (const { records } of this.batches) records.reset()
  }

  add({ key, raw }: KeyedRow<Raw>, now: number): void {
    const { scratch, topic } = this
    scratch.reset()
    topic.key.write(key, scratch)
    const keyEnd = scratch.position
    topic.value.write(raw, scratch)
    const valueEnd = scratch.position
    const timestamp = topic.timestampOf(raw)
    writeDataHeader(scratch, timestamp, timestamp, now)
    const { buffer } = scratch
    const batch = this.batches[partitionFor(buffer, 0, keyEnd, topic.partitions)]
    batch?.records.append(now, buffer, 0, keyEnd, buffer, keyEnd, valueEnd, buffer, valueEnd, scratch.position)
  }
}
