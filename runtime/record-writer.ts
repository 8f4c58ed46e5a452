// Writes records of one topic into the output buffers: key, value and engine header are encoded once, the partition follows the key's bytes.

import { ByteWriter } from '../core/byte-writer.ts'
import { BadRecord } from '../core/errors.ts'
import { Hash64 } from '../core/hash.ts'
import type { StreamRecord } from '../core/stream-record.ts'
import type { TaskId } from '../core/topic-partition.ts'
import { type UpstreamStatus, writeDataHeader, writeWatermarkHeader } from '../kafka/engine-header.ts'
import { partitionFor } from '../kafka/partitioner.ts'
import type { RecordBatchWriter } from '../kafka/record-batch/record-batch-writer.ts'
import type { PhysicalTopic, TopicSerdes } from '../topology/graph.ts'
import {
  FULL_BATCH_BYTES_MAX,
  INTERNAL_RECORD_BYTES_MAX,
  type OutputBuffers,
  RECORD_BYTES_MAX,
} from './output-buffers.ts'

/** Room for the lengths, deltas and framing around a record. */
const RECORD_OVERHEAD_BYTES = 70

export class RecordWriter {
  private readonly topic: PhysicalTopic
  private readonly serdes: TopicSerdes
  private readonly outputs: OutputBuffers
  private readonly recordBytesMax: number
  private readonly scratch = new ByteWriter()

  constructor(topic: PhysicalTopic, serdes: TopicSerdes, outputs: OutputBuffers) {
    this.topic = topic
    this.serdes = serdes
    this.outputs = outputs
    this.recordBytesMax = topic.role === 'repartition' ? INTERNAL_RECORD_BYTES_MAX : RECORD_BYTES_MAX
  }

  /** `now` bounds the timestamp: a record is never stamped later than it was written. @throws BadRecord */
  write(record: StreamRecord, now: number): void {
    const { scratch, topic, outputs } = this
    if (record.key === undefined || record.key === null)
      throw new BadRecord('null_key', `a record without a key cannot go to ${topic.name}`)
    scratch.reset()
    this.serdes.key.write(record.key, scratch)
    const partition = partitionFor(scratch.buffer, 0, scratch.position, topic.partitions)
    const timestamp = Math.min(record.timestamp, now)
    const batch = outputs.batchFor(topic.name, partition, 0)
    const size = this.encode(record, timestamp, batch)
    if (batch.byteLength > FULL_BATCH_BYTES_MAX && batch.count > 1) {
      batch.takeBack()
      this.encode(record, timestamp, outputs.batchFor(topic.name, partition, size))
    } else outputs.added(size)
  }

  /** The record with the key in `scratch`, right into the batch: its bytes are written once. Returns their number. */
  private encode(record: StreamRecord, timestamp: number, batch: RecordBatchWriter): number {
    try {
      batch.begin(timestamp, this.scratch.buffer, 0, this.scratch.position)
      if (record.value !== undefined) this.serdes.value.write(record.value, batch.bytes)
      batch.endValue(record.value === undefined)
      writeDataHeader(batch.bytes, record.timestamp, record.clock, record.ingestedAt)
      const size = batch.end()
      if (size > this.recordBytesMax) throw this.tooLarge(batch.bytes.view(batch.byteLength - size))
      return size
    } catch (error) {
      batch.takeBack()
      throw error
    }
  }

  /** The record itself fits nowhere: its size and hash stand for it. */
  private tooLarge(record: Buffer): BadRecord {
    const { high, low } = new Hash64().bytes(record)
    const hash = [high, low].map((half) => half.toString(16).padStart(8, '0')).join('')
    const message = `a record of ${record.length} bytes (hash ${hash}) is over the limit of ${this.recordBytesMax} of ${this.topic.name}`
    return new BadRecord('too_large', message)
  }

  /** Tells every partition of this repartition topic how far `task` has come. */
  broadcast(task: TaskId, watermark: number, status: UpstreamStatus, now: number): void {
    const { scratch } = this
    scratch.reset()
    writeWatermarkHeader(scratch, task, watermark, status)
    for (let partition = 0; partition < this.topic.partitions; partition++) {
      const batch = this.outputs.batchFor(this.topic.name, partition, scratch.position + RECORD_OVERHEAD_BYTES)
      batch.append(now, undefined, 0, 0, undefined, 0, 0, scratch.buffer, 0, scratch.position)
    }
  }
}
