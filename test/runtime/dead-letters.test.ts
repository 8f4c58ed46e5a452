// A dead letter read back: the original, byte for byte, and why it went no further.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ByteWriter } from '../../core/byte-writer.ts'
import type { ProducedBatch } from '../../kafka/cluster.ts'
import { RecordBatchWriter } from '../../kafka/record-batch/record-batch-writer.ts'
import { RecordColumns, readRecordBatch } from '../../kafka/record-batch/record-columns.ts'
import { readDeadLetter } from '../../runtime/dead-letter-reader.ts'
import { DeadLetterWriter } from '../../runtime/dead-letters.ts'
import { OutputBuffers } from '../../runtime/output-buffers.ts'

const seed = Date.now() % 1_000_000
const stamp = { producerId: -1, epoch: -1, sequence: -1, isTransactional: false }
const bytes = fc.uint8Array({ maxLength: 40 }).map((array) => Buffer.from(array))
const nullable = fc.option(bytes, { nil: undefined })
const original = fc.record({
  key: nullable,
  value: nullable,
  headers: fc.array(fc.record({ name: fc.string({ maxLength: 8, unit: 'grapheme' }), value: nullable }), {
    maxLength: 4,
  }),
})
const batchBytesMax = 8_000_000
const why = fc.record({ node: fc.string(), reason: fc.string(), message: fc.string({ maxLength: 600 }) })

test(`key, value and headers are those of the original, nulls and repeated names too (seed ${seed})`, () => {
  fc.assert(
    fc.property(fc.array(original, { minLength: 1, maxLength: 4 }), why, (records, reason) => {
      const columns = columnsOf(records)
      for (const [row, { key, value, headers }] of records.entries()) {
        const outputs = new OutputBuffers()
        const writer = new DeadLetterWriter(outputs, 'the-hash', () => ({ partitions: 1, batchBytesMax }))
        writer.write('letters', { columns, row, topic: 'orders', partition: 3 }, reason, 99)
        const [[batch] = []] = outputs.take()
        const written = new RecordColumns()
        readRecordBatch(batch?.records.finish(stamp) ?? Buffer.alloc(0), 0, written)
        const letter = readDeadLetter(written, 0)
        expect(letter).toEqual({
          ...{ key, value, headers },
          ...{ ...reason, message: reason.message.slice(0, 500) },
          ...{ topic: 'orders', partition: 3, offset: row, timestamp: 1000 + row },
          ...{ schemaId: schemaIdOf(value), topologyHash: 'the-hash', attempt: 1 },
        })
      }
    }),
    { seed },
  )
})

test('of a record that fits no dead letter, the letter says where it stands', () => {
  const columns = columnsOf([
    { key: Buffer.from('k'), value: Buffer.alloc(3_900_000), headers: [] },
    { key: Buffer.from('k'), value: Buffer.alloc(9_000_000), headers: [{ name: 'h', value: Buffer.of(1) }] },
  ])
  const batches = lettersOf(columns, batchBytesMax)
  expect(batches.map(({ records }) => records.byteLength).every((bytes) => bytes < 4_000_100)).toBe(true)
  const letters = batches.map(({ records }) => {
    const written = new RecordColumns()
    readRecordBatch(records.finish(stamp), 0, written)
    return readDeadLetter(written, 0)
  })
  expect(letters.map(({ value }) => value?.length)).toEqual([3_900_000, undefined])
  expect(letters[1]).toMatchObject({
    ...{ key: undefined, headers: [], reason: 'decode', topic: 'orders', partition: 3, offset: 1 },
    message: 'no record (not kept here: 9000018 bytes are over the limit of a dead letter)',
  })
})

test('a topic with brokers’ usual limit holds what fits, and says of the rest where it stands', () => {
  const columns = columnsOf(
    [1_000_000, 1_045_000].map((size) => ({ key: Buffer.from('k'), value: Buffer.alloc(size), headers: [] })),
  )
  const sizes = lettersOf(columns, 1_048_588).map(({ records }) => records.byteLength)
  expect(sizes.every((bytes) => bytes <= 1_048_588)).toBe(true)
  expect(sizes[0]).toBeGreaterThan(1_000_000)
  expect(sizes[1]).toBeLessThan(1_000)
})

interface Original {
  readonly key: Buffer | undefined
  readonly value: Buffer | undefined
  readonly headers: readonly { readonly name: string; readonly value: Buffer | undefined }[]
}

/** The first two rows, refused: the batches that hold their letters. */
function lettersOf(columns: RecordColumns, batchBytesMax: number): ProducedBatch[] {
  const outputs = new OutputBuffers()
  const writer = new DeadLetterWriter(outputs, 'the-hash', () => ({ partitions: 1, batchBytesMax }))
  const why = { node: 'source', reason: 'decode', message: 'no record' }
  for (const row of [0, 1]) writer.write('letters', { columns, row, topic: 'orders', partition: 3 }, why, 99)
  return outputs.take().flat()
}

function columnsOf(records: readonly Original[]): RecordColumns {
  const batch = new RecordBatchWriter()
  for (const [row, { key, value, headers }] of records.entries()) {
    const section = new ByteWriter()
    section.varint(headers.length)
    for (const header of headers) {
      section.varint(Buffer.byteLength(header.name))
      section.text(header.name)
      section.varint(header.value?.length ?? -1)
      if (header.value !== undefined) section.bytes(header.value, 0, header.value.length)
    }
    batch.append(1000 + row, key, 0, key?.length ?? 0, value, 0, value?.length ?? 0, section.copy())
  }
  const columns = new RecordColumns()
  readRecordBatch(batch.finish(stamp), 0, columns)
  return columns
}

function schemaIdOf(value: Buffer | undefined): number | undefined {
  return value !== undefined && value.length >= 5 && value[0] === 0 ? value.readUInt32BE(1) : undefined
}
