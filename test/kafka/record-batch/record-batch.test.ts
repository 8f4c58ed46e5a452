import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ByteWriter } from '../../../core/byte-writer.ts'
import { copyKeptRecords } from '../../../kafka/record-batch/batch-filter.ts'
import { readBatchHeader, readControlType, wholeBatchBytes } from '../../../kafka/record-batch/batch-header.ts'
import { batchField, lengthPrefixBytes } from '../../../kafka/record-batch/batch-layout.ts'
import { stampAppendTime, stampBaseOffset } from '../../../kafka/record-batch/batch-stamp.ts'
import { stampChecksum } from '../../../kafka/record-batch/checksum.ts'
import { markerBytes, writeMarker } from '../../../kafka/record-batch/control-batch.ts'
import { RecordBatchWriter } from '../../../kafka/record-batch/record-batch-writer.ts'
import { RecordColumns, readRecordBatch } from '../../../kafka/record-batch/record-columns.ts'
import { HeaderWalk, listHeaders, type RecordHeader, writeHeaders } from '../../../kafka/record-batch/record-headers.ts'

interface Sample {
  readonly timestamp: number
  readonly key: Buffer | undefined
  readonly value: Buffer | undefined
  readonly headers: readonly RecordHeader[]
}

const stamp = { producerId: 2 ** 40, epoch: 7, sequence: 11, isTransactional: true }

const bytes = fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array))
const header = fc.record({ name: fc.string({ maxLength: 5 }), value: fc.option(bytes, { nil: undefined }) })
const sample: fc.Arbitrary<Sample> = fc.record({
  timestamp: fc.integer({ min: -(2 ** 42), max: 2 ** 42 }),
  key: fc.option(bytes, { nil: undefined }),
  value: fc.option(bytes, { nil: undefined }),
  headers: fc.array(header, { maxLength: 3 }),
})
const samples = fc.array(sample, { minLength: 1, maxLength: 20 })

function write(records: readonly Sample[]): Buffer {
  const writer = new RecordBatchWriter(64)
  const headers = new ByteWriter()
  for (const { timestamp, key, value, headers: list } of records) {
    headers.reset()
    writeHeaders(headers, list)
    const section = list.length === 0 ? undefined : headers.view()
    writer.append(timestamp, key, 0, key?.length ?? 0, value, 0, value?.length ?? 0, section)
  }
  return Buffer.from(writer.finish(stamp))
}

function read(columns: RecordColumns): Sample[] {
  const part = (start: number | undefined, end: number | undefined) => Buffer.from(columns.buffer.subarray(start, end))
  return Array.from({ length: columns.count }, (_, row) => ({
    timestamp: columns.timestamp(row),
    key: columns.isNullKey(row) ? undefined : part(columns.keyStart[row], columns.keyEnd[row]),
    value: columns.isNullValue(row) ? undefined : part(columns.valueStart[row], columns.valueEnd[row]),
    headers: listHeaders(columns.buffer, columns.headersStart[row] ?? 0, columns.headersEnd[row] ?? 0),
  }))
}

function decode(batch: Buffer): RecordColumns {
  const columns = new RecordColumns()
  expect(readRecordBatch(batch, 0, columns)).toBe(batch.length)
  return columns
}

/** The same batch with its records compressed by codec `codec`. */
function recompressed(batch: Buffer, codec: number, records: Buffer): Buffer {
  const result = Buffer.concat([batch.subarray(0, batchField.records), records])
  result.writeInt32BE(result.length - lengthPrefixBytes, batchField.batchLength)
  result.writeInt16BE(result.readInt16BE(batchField.attributes) | codec, batchField.attributes)
  stampChecksum(result, 0, result.length)
  return result
}

describe('a record batch', () => {
  test('gives back every record as it was written', () => {
    const roundTrip = fc.property(samples, (records) => {
      expect(read(decode(write(records)))).toEqual(records)
    })
    fc.assert(roundTrip)
  })

  test('tells by its header what it holds', () => {
    const batch = write([
      { timestamp: 5, key: undefined, value: undefined, headers: [] },
      { timestamp: 9, key: undefined, value: undefined, headers: [] },
    ])
    stampBaseOffset(batch, 2 ** 45)
    expect(readBatchHeader(batch, 0)).toEqual({
      baseOffset: 2 ** 45,
      lastOffset: 2 ** 45 + 1,
      byteLength: batch.length,
      isControl: false,
      isTransactional: true,
      timestampType: 'CreateTime',
      maxTimestamp: 9,
      producerId: 2 ** 40,
      epoch: 7,
      baseSequence: 11,
      recordCount: 2,
    })
    expect([decode(batch).offset(0), decode(batch).offset(1)]).toEqual([2 ** 45, 2 ** 45 + 1])
  })

  test('carries the append time of the log for every record', () => {
    const batch = write([{ timestamp: 5, key: undefined, value: undefined, headers: [] }])
    stampAppendTime(batch, 77)
    expect(readBatchHeader(batch, 0)).toMatchObject({ timestampType: 'LogAppendTime', maxTimestamp: 77 })
    expect(decode(batch).timestamp(0)).toBe(77)
  })

  test('is read when its records are gzipped, refused by name for codecs that Kafka does not have', () => {
    const records = [{ timestamp: 5, key: Buffer.from('k'), value: Buffer.from('v'), headers: [] }]
    const batch = write(records)
    const plain = batch.subarray(batchField.records)
    expect(read(decode(recompressed(batch, 1, gzipSync(plain))))).toEqual(records)
    expect(() => decode(recompressed(batch, 5, plain))).toThrow(expect.objectContaining({ code: 'unsupported_codec' }))
    expect(() => decode(recompressed(batch, 1, plain))).toThrow(expect.objectContaining({ code: 'corrupt_batch' }))
  })

  test('is refused when any byte under its checksum is changed', () => {
    const change = fc.property(samples, fc.nat(), fc.integer({ min: 1, max: 255 }), (records, place, difference) => {
      const batch = write(records)
      const at = batchField.crc + (place % (batch.length - batchField.crc))
      batch.writeUInt8(batch.readUInt8(at) ^ difference, at)
      expect(() => decode(batch)).toThrow(expect.objectContaining({ code: 'corrupt_batch' }))
    })
    fc.assert(change)
  })

  test('is refused, never misread, when its lengths lie under a right checksum', () => {
    const lie = fc.property(samples, fc.nat(), fc.nat(255), (records, place, byte) => {
      const batch = write(records)
      const at = batchField.recordCount + (place % (batch.length - batchField.recordCount))
      batch.writeUInt8(byte, at)
      stampChecksum(batch, 0, batch.length)
      const columns = new RecordColumns()
      try {
        readRecordBatch(batch, 0, columns)
      } catch (error) {
        expect(error).toMatchObject({ code: 'corrupt_batch' })
        return
      }
      for (let row = 0; row < columns.count; row++) {
        expect(columns.headersEnd[row]).toBeLessThanOrEqual(batch.length)
        expect(columns.keyEnd[row]).toBeLessThanOrEqual(columns.valueStart[row] ?? 0)
        expect(columns.valueEnd[row]).toBeLessThanOrEqual(columns.headersStart[row] ?? 0)
      }
    })
    fc.assert(lie, { numRuns: 1000 })
  })

  test('is not whole when it is cut off anywhere', () => {
    const batch = write([{ timestamp: 5, key: undefined, value: Buffer.from('value'), headers: [] }])
    for (let end = 0; end < batch.length; end++) expect(wholeBatchBytes(batch, 0, end)).toBeUndefined()
    expect(wholeBatchBytes(batch, 0)).toBe(batch.length)
  })

  test('loses the rows below a position', () => {
    const batch = write([1, 2, 3].map((timestamp) => ({ timestamp, key: undefined, value: undefined, headers: [] })))
    const columns = decode(batch)
    columns.dropBelow(2)
    expect([columns.count, columns.offset(0), columns.timestamp(0)]).toEqual([1, 2, 3])
  })

  test('is copied with some of its records, which keep offset and time', () => {
    const kept = fc.property(samples, fc.nat(), (records, mask) => {
      const keeps = (row: number) => ((mask >> (row % 20)) & 1) === 1
      const target = new ByteWriter(16)
      copyKeptRecords(write(records), 0, new RecordColumns(), (_, row) => keeps(row), target)
      const wanted = records.filter((_, row) => keeps(row))
      expect(target.position === 0).toBe(wanted.length === 0)
      if (wanted.length === 0) return
      const columns = decode(target.copy())
      expect(read(columns)).toEqual(wanted)
      const offsets = Array.from({ length: columns.count }, (_, row) => columns.offset(row))
      expect(offsets).toEqual([...records.keys()].filter(keeps))
    })
    fc.assert(kept)
  })
})

describe('a transaction marker', () => {
  test.each(['commit', 'abort'] as const)('is a control batch that says %s', (type) => {
    const marker = writeMarker(Buffer.alloc(markerBytes), { type, producerId: 5, epoch: 3, timestamp: 42 })
    expect(marker.length).toBe(78)
    expect(readControlType(marker, 0)).toBe(type)
    expect(readBatchHeader(marker, 0)).toMatchObject({
      isControl: true,
      isTransactional: true,
      producerId: 5,
      epoch: 3,
    })
    const [record] = read(decode(marker))
    expect(record?.key?.toString('hex')).toBe(type === 'commit' ? '00000001' : '00000000')
    expect(record?.value?.toString('hex')).toBe('000000000000')
  })
})

describe('a header section', () => {
  test('finds the header of a one-byte name among others', () => {
    const section = new ByteWriter()
    writeHeaders(section, [
      { name: 'longer', value: Buffer.from('1') },
      { name: 'x', value: undefined },
      { name: 'm', value: Buffer.from('found') },
    ])
    const walk = new HeaderWalk()
    const view = section.view()
    expect(walk.find(view, 0, view.length, 'm'.charCodeAt(0))).toBe(true)
    expect(view.subarray(walk.valueStart, walk.valueEnd).toString()).toBe('found')
    expect(walk.find(view, 0, view.length, 'q'.charCodeAt(0))).toBe(false)
  })
})
