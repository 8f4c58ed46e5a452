// Builds one record batch: records go straight into one reused buffer, so that encoding allocates nothing per record.
import { assert } from '../../core/assert.ts'
import { ByteWriter } from '../../core/byte-writer.ts'
import { attribute, batchField, lengthPrefixBytes, writeInt64 } from './batch-layout.ts'
import { stampChecksum } from './checksum.ts'
import { varintBytes, writeVarint } from './varint.ts'

export interface BatchStamp {
  readonly producerId: number
  readonly epoch: number
  readonly sequence: number
  readonly isTransactional: boolean
}

export class RecordBatchWriter {
  /** Where values and header sections are encoded between `begin` and `end`. */
  readonly bytes: ByteWriter
  private rows = 0
  private baseTimestamp = 0
  private maxTimestamp = 0
  // Of the record that was begun last.
  private start = 0
  private valueStart = 0
  private rowsBefore = 0
  private maxTimestampBefore = 0
  /** How many bytes the lengths of a record and of its value will take: as many as those of the one before, or what comes behind them moves. */
  private lengthBytes = 2
  private valueLengthBytes = 1

  constructor(capacity = 16 * 1024) {
    this.bytes = new ByteWriter(Math.max(capacity, batchField.records))
    this.bytes.position = batchField.records
  }

  get count(): number {
    return this.rows
  }

  /** Of the batch as it stands, its header included. */
  get byteLength(): number {
    return this.bytes.position
  }

  /** Empties the batch and keeps its buffer. */
  reset(): void {
    this.bytes.position = batchField.records
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
    this.begin(timestamp, key, keyStart, keyEnd)
    if (value !== undefined) this.bytes.bytes(value, valueStart, valueEnd)
    this.endValue(value === undefined)
    if (headers === undefined) this.bytes.byte(0)
    else this.bytes.bytes(headers, headersStart, headersEnd)
    this.end()
  }

  /** Begins a record that is encoded right here: its value into `bytes`, then `endValue`, its header section into `bytes`, then `end`. */
  begin(timestamp: number, key: Buffer | undefined, keyStart: number, keyEnd: number): void {
    const { bytes } = this
    this.start = bytes.position
    this.rowsBefore = this.rows
    this.maxTimestampBefore = this.maxTimestamp
    if (this.rows === 0) this.baseTimestamp = this.maxTimestamp = timestamp
    else if (timestamp > this.maxTimestamp) this.maxTimestamp = timestamp
    bytes.reserve(this.lengthBytes + 1)
    bytes.position += this.lengthBytes
    bytes.byte(0)
    bytes.varint(timestamp - this.baseTimestamp)
    bytes.varint(this.rows)
    bytes.varint(key === undefined ? -1 : keyEnd - keyStart)
    if (key !== undefined) bytes.bytes(key, keyStart, keyEnd)
    bytes.reserve(this.valueLengthBytes)
    bytes.position += this.valueLengthBytes
    this.valueStart = bytes.position
  }

  endValue(isNull: boolean): void {
    const length = isNull ? -1 : this.bytes.position - this.valueStart
    const room = varintBytes(length)
    const lengthAt = this.valueStart - this.valueLengthBytes
    if (room !== this.valueLengthBytes) this.bytes.move(this.valueStart, lengthAt + room)
    writeVarint(this.bytes.buffer, lengthAt, length)
    this.valueLengthBytes = room
  }

  /** Returns how many bytes the record takes. */
  end(): number {
    const length = this.bytes.position - this.start - this.lengthBytes
    const room = varintBytes(length)
    if (room !== this.lengthBytes) this.bytes.move(this.start + this.lengthBytes, this.start + room)
    writeVarint(this.bytes.buffer, this.start, length)
    this.lengthBytes = room
    this.rows++
    return room + length
  }

  /** Takes out the record that was begun last, whether it was ended or not. */
  takeBack(): void {
    this.bytes.position = this.start
    this.rows = this.rowsBefore
    this.maxTimestamp = this.maxTimestampBefore
  }

  /** Completes header and checksum. The view is valid until the next `append` or `reset`; finishing again with another stamp is fine. */
  finish(stamp: BatchStamp): Buffer {
    assert(this.rows > 0, 'a record batch without records')
    // A broker takes a transactional batch without a producer for committed at once.
    assert(!stamp.isTransactional || stamp.producerId >= 0, 'a transactional batch without a producer id')
    const { buffer, position } = this.bytes
    writeInt64(buffer, batchField.baseOffset, 0)
    buffer.writeInt32BE(position - lengthPrefixBytes, batchField.batchLength)
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
    stampChecksum(buffer, 0, position)
    return buffer.subarray(0, position)
  }
}
