// The header of a record batch, read without touching its records: for those who skip, fence, index and filter batches.
import { StreamsError } from '../../core/errors.ts'
import { attribute, batchField, lengthPrefixBytes, readInt64 } from './batch-layout.ts'
import { VarintCursor } from './varint.ts'

export interface BatchHeader {
  readonly baseOffset: number
  readonly lastOffset: number
  /** Of the whole batch, its header included. */
  readonly byteLength: number
  readonly isControl: boolean
  readonly isTransactional: boolean
  readonly timestampType: 'CreateTime' | 'LogAppendTime'
  readonly maxTimestamp: number
  /** −1 for a batch of no idempotent producer; so are `epoch` and `baseSequence`. */
  readonly producerId: number
  readonly epoch: number
  readonly baseSequence: number
  readonly recordCount: number
}

/**
 * The size of the batch at `position`, or undefined when fewer bytes than that are left before `end`: a fetch may stop amid a batch.
 * @throws StreamsError `corrupt_batch` when no batch can begin like this.
 */
export function wholeBatchBytes(buffer: Buffer, position: number, end = buffer.length): number | undefined {
  if (position + batchField.records > end) return undefined
  const byteLength = buffer.readInt32BE(position + batchField.batchLength) + lengthPrefixBytes
  const magic = buffer[position + batchField.magic]
  if (magic !== 2) throw new StreamsError('corrupt_batch', `record batch of format ${magic}; only 2 is readable`)
  if (byteLength < batchField.records)
    throw new StreamsError('corrupt_batch', 'a record batch is shorter than its header')
  return position + byteLength > end ? undefined : byteLength
}

export function batchBaseOffset(buffer: Buffer, position: number): number {
  return readInt64(buffer, position)
}

export function batchLastOffset(buffer: Buffer, position: number): number {
  return readInt64(buffer, position) + buffer.readInt32BE(position + batchField.lastOffsetDelta)
}

/** The header of the whole batch at `position`. */
export function readBatchHeader(buffer: Buffer, position: number): BatchHeader {
  const attributes = buffer.readInt16BE(position + batchField.attributes)
  return {
    baseOffset: batchBaseOffset(buffer, position),
    lastOffset: batchLastOffset(buffer, position),
    byteLength: buffer.readInt32BE(position + batchField.batchLength) + lengthPrefixBytes,
    isControl: (attributes & attribute.control) !== 0,
    isTransactional: (attributes & attribute.transactional) !== 0,
    timestampType: (attributes & attribute.logAppendTime) === 0 ? 'CreateTime' : 'LogAppendTime',
    maxTimestamp: readInt64(buffer, position + batchField.maxTimestamp),
    producerId: readInt64(buffer, position + batchField.producerId),
    epoch: buffer.readInt16BE(position + batchField.producerEpoch),
    baseSequence: buffer.readInt32BE(position + batchField.baseSequence),
    recordCount: buffer.readInt32BE(position + batchField.recordCount),
  }
}

const cursor = new VarintCursor()

/** How the transaction ended that the control batch at `position` closes; undefined for other control batches, and for one whose record compaction has removed. */
export function readControlType(buffer: Buffer, position: number): 'commit' | 'abort' | undefined {
  if (buffer.readInt32BE(position + batchField.recordCount) === 0) return undefined
  cursor.position = position + batchField.records
  cursor.read(buffer) // the record's length
  cursor.position++ // its attributes
  cursor.read(buffer) // timestamp delta
  cursor.read(buffer) // offset delta
  if (cursor.read(buffer) < 4 || cursor.position + 4 > buffer.length) {
    throw new StreamsError('corrupt_batch', 'a control record without a type')
  }
  const type = buffer.readInt16BE(cursor.position + 2)
  return type === 0 ? 'abort' : type === 1 ? 'commit' : undefined
}
