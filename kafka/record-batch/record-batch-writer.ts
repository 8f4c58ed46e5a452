// Builds one record batch: records go straight into one reused buffer, so that encoding allocates nothing per record.
import { assert } from '../../core/assert.ts'
import { attribute, batchField, lengthPrefixBytes, writeInt64 } from './batch-layout.ts'
import { stampChecksum } from './checksum.ts'
import { varintBytes, writeVarint } from './varint.ts'

export interface BatchStamp {
  readonly producerId: number
  readonly epoch: number
  readonly sequence: number
  readonly isTransactional: boolean
}

/** Below this many bytes a loop beats the call of `copy`. */
const shortBytes = 24

export class RecordBatchWriter {
  private buffer: Buffer
  private position: number = batchField.records
  private rows = 0
  private baseTimestamp = 0
  private maxTimestamp = 0

  constructor(capacity = 16 * 1024) {
    this.buffer = Buffer.allocUnsafeSlow(capacity)
  }

  get count(): number {
    return this.rows
  }

  /** Of the batch as it stands, its header included. */
  get byteLength(): number {
    return this.position
  }

  /** Empties the batch and keeps its buffer. */
  reset(): void {
    this.position = batchField.records
    this.rows = 0
  }

  /** `keyStart`/`keyEnd` bound the key in `key`; null keys and values are `undefined`. `headers` is the encoded header section (count varint and entries), undefined = no headers. */
  append(
    timestamp: number,
    key: Buffer | undefined,
    keyStart: number,
    keyEnd: number,
    value: Buffer | undefined,
    valueStart: number,
    valueEnd: number,
    headers?: Buffer,
    headersStart = 0,
    headersEnd = headers === undefined ? 0 : headers.length,
  ): void {
    if (this.rows === 0) this.baseTimestamp = this.maxTimestamp = timestamp
    else if (timestamp > this.maxTimestamp) this.maxTimestamp = timestamp
    const timestampDelta = timestamp - this.baseTimestamp
    const keyLength = key === undefined ? -1 : keyEnd - keyStart
    const valueLength = value === undefined ? -1 : valueEnd - valueStart
    const length =
      1 +
      varintBytes(timestampDelta) +
      varintBytes(this.rows) +
      partBytes(keyLength) +
      partBytes(valueLength) +
      (headers === undefined ? 1 : headersEnd - headersStart)
    this.reserve(length + 5)
    const { buffer } = this
    let at = writeVarint(buffer, this.position, length)
    buffer[at++] = 0
    at = writeVarint(buffer, at, timestampDelta)
    at = writeVarint(buffer, at, this.rows)
    at = writeVarint(buffer, at, keyLength)
    if (key !== undefined) at = copyBytes(buffer, at, key, keyStart, keyEnd)
    at = writeVarint(buffer, at, valueLength)
    if (value !== undefined) at = copyBytes(buffer, at, value, valueStart, valueEnd)
    if (headers === undefined) buffer[at++] = 0
    else at = copyBytes(buffer, at, headers, headersStart, headersEnd)
    this.position = at
    this.rows++
  }

  /** Completes header and checksum. The view is valid until the next `append` or `reset`; finishing again with another stamp is fine. */
  finish(stamp: BatchStamp): Buffer {
    assert(this.rows > 0, 'a record batch without records')
    // A broker takes a transactional batch without a producer for committed at once.
    assert(!stamp.isTransactional || stamp.producerId >= 0, 'a transactional batch without a producer id')
    const { buffer } = this
    writeInt64(buffer, batchField.baseOffset, 0)
    buffer.writeInt32BE(this.position - lengthPrefixBytes, batchField.batchLength)
    buffer.writeInt32BE(-1, batchField.leaderEpoch)
    buffer[batchField.magic] = 2
    buffer.writeInt16BE(stamp.isTransactional ? attribute.transactional : 0, batchField.attributes)
    buffer.writeInt32BE(this.rows - 1, batchField.lastOffsetDelta)
    writeInt64(buffer, batchField.baseTimestamp, this.baseTimestamp)
    writeInt64(buffer, batchField.maxTimestamp, this.maxTimestamp)
    writeInt64(buffer, batchField.producerId, stamp.producerId)
    buffer.writeInt16BE(stamp.epoch, batchField.producerEpoch)
    buffer.writeInt32BE(stamp.sequence, batchField.baseSequence)
    buffer.writeInt32BE(this.rows, batchField.recordCount)
    stampChecksum(buffer, 0, this.position)
    return buffer.subarray(0, this.position)
  }

  private reserve(count: number): void {
    const needed = this.position + count
    if (needed <= this.buffer.length) return
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.buffer.length * 2))
    this.buffer.copy(grown, 0, 0, this.position)
    this.buffer = grown
  }
}

/** A key or value with its length in front; −1 is null. */
function partBytes(length: number): number {
  return length < 0 ? 1 : varintBytes(length) + length
}

function copyBytes(target: Buffer, at: number, source: Buffer, start: number, end: number): number {
  const length = end - start
  if (length > shortBytes) source.copy(target, at, start, end)
  else for (let i = 0; i < length; i++) target[at + i] = source[start + i] as number // both bounds were reserved above
  return at + length
}
