// What one worker will write in its next transaction: one growing record batch a topic-partition, split where a broker would refuse it.
import { BadRecord } from '../core/errors.ts'
import type { TopicPartition } from '../core/topic-partition.ts'
import type { ProducedBatch } from '../kafka/cluster.ts'
import { RecordBatchWriter } from '../kafka/record-batch/record-batch-writer.ts'

/** Kafka's default `max.message.bytes` is 1,048,588: a batch takes no further record from this size on. */
const BATCH_BYTES_MAX = 900_000
/** A larger batch holds one record only, which its topic allows. */
export const FULL_BATCH_BYTES_MAX = 1_000_000
/** The largest record of a topic that others read: key, value and headers. */
export const RECORD_BYTES_MAX = 1_000_000
/** Of the application's own topics, which hold whole records and what the engine adds: a record that came in must never be stuck between two tasks. */
export const INTERNAL_RECORD_BYTES_MAX = 4_000_000

interface PartitionBuffer extends TopicPartition {
  readonly batches: RecordBatchWriter[]
  /** Empty ones, as large as this partition needs them. */
  readonly spare: RecordBatchWriter[]
}

export class OutputBuffers {
  private readonly partitions = new Map<string, PartitionBuffer[]>()
  private readonly all: PartitionBuffer[] = []
  /** Upper bound of what waits, bytes. */
  byteLength = 0

  /** The batch that the next record of this partition goes into. @throws BadRecord `too_large` */
  batchFor(topic: string, partition: number, recordBytes: number): RecordBatchWriter {
    if (recordBytes > INTERNAL_RECORD_BYTES_MAX)
      throw new BadRecord(
        'too_large',
        `a record of ${recordBytes} bytes is over the limit of ${INTERNAL_RECORD_BYTES_MAX}`,
      )
    const { batches, spare } = this.buffer(topic, partition)
    const last = batches[batches.length - 1]
    this.byteLength += recordBytes
    if (last !== undefined && (last.count === 0 || last.byteLength + recordBytes < BATCH_BYTES_MAX)) return last
    const fresh = spare.pop() ?? new RecordBatchWriter()
    batches.push(fresh)
    return fresh
  }

  /** A record of this size has been encoded into a batch that was asked for without one. */
  added(recordBytes: number): void {
    this.byteLength += recordBytes
  }

  /** Takes everything out, as rounds of at most one batch a partition. Give the batches back with `reuse`. */
  take(): ProducedBatch[][] {
    const rounds: ProducedBatch[][] = []
    for (const { topic, partition, batches, spare } of this.all) {
      // A batch whose only record was taken back holds nothing.
      const filled = batches.filter(({ count }) => count > 0)
      // What a burst has left is kept for no longer than the next commit.
      if (spare.length > filled.length) spare.length = filled.length
      filled.forEach((records, round) => {
        rounds[round] ??= []
        rounds[round].push({ topic, partition, records })
      })
      batches.length = 0
    }
    this.byteLength = 0
    return rounds
  }

  reuse(rounds: readonly (readonly ProducedBatch[])[]): void {
    for (const round of rounds)
      for (const { topic, partition, records } of round) {
        records.reset()
        this.buffer(topic, partition).spare.push(records)
      }
  }

  private buffer(topic: string, partition: number): PartitionBuffer {
    let buffers = this.partitions.get(topic)
    if (buffers === undefined) {
      buffers = []
      this.partitions.set(topic, buffers)
    }
    let buffer = buffers[partition]
    if (buffer === undefined) {
      buffer = { topic, partition, batches: [], spare: [] }
      buffers[partition] = buffer
      this.all.push(buffer)
    }
    return buffer
  }
}
