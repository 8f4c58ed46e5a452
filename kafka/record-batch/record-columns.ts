// The records of one batch as columns of positions into its buffer: decoded without an object, a copy or a BigInt per record.
import { StreamsError } from '../../core/errors.ts'
import { wholeBatchBytes } from './batch-header.ts'
import { attribute, batchField, readInt64 } from './batch-layout.ts'
import { isChecksumRight } from './checksum.ts'
import { decompressRecords } from './decompress.ts'
import { VarintCursor } from './varint.ts'

/** Reused from batch to batch; everything in it is valid until the next one is read. */
export class RecordColumns {
  /** Rows in use. */
  count = 0
  buffer: Buffer = Buffer.alloc(0)
  baseOffset = 0
  baseTimestamp = 0
  /** Of LogAppendTime batches: every record's timestamp; else −1. */
  appendTime = -1
  producerId = -1
  offsetDelta = new Int32Array(0)
  timestampDelta = new Float64Array(0)
  /** Where the record itself begins, with its length; it ends at `headersEnd`. */
  recordStart = new Int32Array(0)
  /** A null key has `keyEnd` < `keyStart`. */
  keyStart = new Int32Array(0)
  keyEnd = new Int32Array(0)
  /** A null value has `valueEnd` < `valueStart`. */
  valueStart = new Int32Array(0)
  valueEnd = new Int32Array(0)
  /** The header section: its count varint and entries, to `headersEnd`. */
  headersStart = new Int32Array(0)
  headersEnd = new Int32Array(0)

  offset(row: number): number {
    return this.baseOffset + at(this.offsetDelta, row)
  }

  timestamp(row: number): number {
    return this.appendTime >= 0 ? this.appendTime : this.baseTimestamp + at(this.timestampDelta, row)
  }

  isNullKey(row: number): boolean {
    return at(this.keyEnd, row) < at(this.keyStart, row)
  }

  isNullValue(row: number): boolean {
    return at(this.valueEnd, row) < at(this.valueStart, row)
  }

  /** Makes room for `rows`; what the columns held is gone. */
  reserve(rows: number): void {
    if (rows <= this.offsetDelta.length) return
    const capacity = Math.max(rows, this.offsetDelta.length * 2, 1024)
    this.offsetDelta = new Int32Array(capacity)
    this.timestampDelta = new Float64Array(capacity)
    this.recordStart = new Int32Array(capacity)
    this.keyStart = new Int32Array(capacity)
    this.keyEnd = new Int32Array(capacity)
    this.valueStart = new Int32Array(capacity)
    this.valueEnd = new Int32Array(capacity)
    this.headersStart = new Int32Array(capacity)
    this.headersEnd = new Int32Array(capacity)
  }

  /** Removes the rows whose offset is below `position`: a fetch answers with the whole batch that holds it. */
  dropBelow(position: number): void {
    let first = 0
    while (first < this.count && this.offset(first) < position) first++
    if (first === 0) return
    for (const column of this.columns()) column.copyWithin(0, first, this.count)
    this.count -= first
  }

  private columns(): (Int32Array | Float64Array)[] {
    const { offsetDelta, timestampDelta, recordStart, keyStart, keyEnd } = this
    const { valueStart, valueEnd, headersStart, headersEnd } = this
    return [offsetDelta, timestampDelta, recordStart, keyStart, keyEnd, valueStart, valueEnd, headersStart, headersEnd]
  }
}

/** A row in use is always there. */
const at = (column: Int32Array | Float64Array, row: number): number => column[row] as number

/** Length, attributes, timestamp, offset, key, value and header count take a byte each at least. */
const recordBytesMin = 7

const cursor = new VarintCursor()

/** Decodes the batch at `position` into `columns`; checks its CRC32C. Returns the position behind it. @throws StreamsError `corrupt_batch` */
export function readRecordBatch(buffer: Buffer, position: number, columns: RecordColumns): number {
  const byteLength = wholeBatchBytes(buffer, position)
  if (byteLength === undefined) throw new StreamsError('corrupt_batch', 'a record batch is cut off')
  const end = position + byteLength
  if (!isChecksumRight(buffer, position, end)) {
    throw new StreamsError(
      'corrupt_batch',
      `the checksum of the batch at offset ${readInt64(buffer, position)} is wrong`,
    )
  }
  readHeader(buffer, position, columns)
  const codec = buffer.readInt16BE(position + batchField.attributes) & attribute.codec
  const recordsStart = position + batchField.records
  const count = buffer.readInt32BE(position + batchField.recordCount)
  if (codec === 0) readRecords(buffer, recordsStart, end, count, columns)
  else {
    const records = decompressRecords(codec, buffer.subarray(recordsStart, end))
    readRecords(records, 0, records.length, count, columns)
  }
  return end
}

function readHeader(buffer: Buffer, position: number, columns: RecordColumns): void {
  const isAppendTime = (buffer.readInt16BE(position + batchField.attributes) & attribute.logAppendTime) !== 0
  columns.baseOffset = readInt64(buffer, position)
  columns.baseTimestamp = readInt64(buffer, position + batchField.baseTimestamp)
  columns.appendTime = isAppendTime ? readInt64(buffer, position + batchField.maxTimestamp) : -1
  columns.producerId = readInt64(buffer, position + batchField.producerId)
}

function readRecords(buffer: Buffer, start: number, end: number, count: number, columns: RecordColumns): void {
  if (count < 0 || count * recordBytesMin > end - start) {
    throw new StreamsError('corrupt_batch', `${end - start} bytes cannot hold ${count} records`)
  }
  columns.reserve(count)
  columns.buffer = buffer
  columns.count = count
  cursor.position = start
  for (let row = 0; row < count; row++) readRecord(buffer, end, row, columns)
  if (cursor.position !== end) throw new StreamsError('corrupt_batch', 'a record batch has bytes behind its records')
}

function readRecord(buffer: Buffer, end: number, row: number, columns: RecordColumns): void {
  columns.recordStart[row] = cursor.position
  const length = cursor.read(buffer)
  const recordEnd = cursor.position + length
  cursor.position++ // attributes: unused by Kafka
  columns.timestampDelta[row] = cursor.read(buffer)
  columns.offsetDelta[row] = cursor.read(buffer)
  const keyLength = cursor.read(buffer)
  columns.keyStart[row] = cursor.position
  columns.keyEnd[row] = cursor.position + keyLength
  if (keyLength > 0) cursor.position += keyLength
  const valueLength = cursor.read(buffer)
  columns.valueStart[row] = cursor.position
  columns.valueEnd[row] = cursor.position + valueLength
  if (valueLength > 0) cursor.position += valueLength
  columns.headersStart[row] = cursor.position
  columns.headersEnd[row] = recordEnd
  if (length < 0 || recordEnd > end || cursor.position >= recordEnd || keyLength < -1 || valueLength < -1) {
    throw new StreamsError('corrupt_batch', `record ${row} of a batch has lengths that do not fit`)
  }
  cursor.position = recordEnd
}
