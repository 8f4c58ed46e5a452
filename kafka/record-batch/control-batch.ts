// Transaction markers: the control batches that end a transaction on a partition, byte for byte as Kafka writes them.
import { attribute, batchField, lengthPrefixBytes, writeInt64 } from './batch-layout.ts'
import { stampChecksum } from './checksum.ts'

export interface Marker {
  readonly type: 'commit' | 'abort'
  readonly producerId: number
  readonly epoch: number
  readonly timestamp: number
}

/** One record: key {version 0, type}, value {version 0, coordinator epoch 0}, no headers. */
const recordTemplate = Buffer.from([32, 0, 0, 0, 8, 0, 0, 0, 0, 12, 0, 0, 0, 0, 0, 0, 0])
const typePosition = 7

export const markerBytes: number = batchField.records + recordTemplate.length

/** Writes the marker into the first `markerBytes` of `target`; its base offset is left to the log. */
export function writeMarker(target: Buffer, marker: Marker): Buffer {
  const batch = target.subarray(0, markerBytes)
  batch.fill(0, 0, batchField.records)
  batch.writeInt32BE(markerBytes - lengthPrefixBytes, batchField.batchLength)
  batch[batchField.magic] = 2
  batch.writeInt16BE(attribute.transactional | attribute.control, batchField.attributes)
  writeInt64(batch, batchField.baseTimestamp, marker.timestamp)
  writeInt64(batch, batchField.maxTimestamp, marker.timestamp)
  writeInt64(batch, batchField.producerId, marker.producerId)
  batch.writeInt16BE(marker.epoch, batchField.producerEpoch)
  batch.writeInt32BE(-1, batchField.baseSequence)
  batch.writeInt32BE(1, batchField.recordCount)
  recordTemplate.copy(batch, batchField.records)
  batch[batchField.records + typePosition + 1] = marker.type === 'commit' ? 1 : 0
  stampChecksum(batch, 0, markerBytes)
  return batch
}
