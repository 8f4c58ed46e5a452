import { gunzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readBatchHeader } from '../../../kafka/record-batch/batch-header.ts'
import { codecNumber, compressBatch } from '../../../kafka/record-batch/compress.ts'
import { decompressRecords } from '../../../kafka/record-batch/decompress.ts'
import { RecordColumns, readRecordBatch } from '../../../kafka/record-batch/record-columns.ts'
import { batchOf, rowsOf } from '../../conformance/cluster/trial.ts'

const stamp = { producerId: 5, epoch: 1, sequence: 9, isTransactional: true }
const values = fc.array(
  fc.string({ minLength: 1 }).filter((text) => !text.includes('=')),
  { minLength: 1, maxLength: 50 },
)

describe('a compressed batch', () => {
  test.each(['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const)(
    'with %s reads as before, under the same header',
    (compression) => {
      fc.assert(
        fc.property(values, (texts) => {
          const plain = batchOf(texts).finish(stamp)
          const compressed = compressBatch(Buffer.from(plain), compression)
          const columns = new RecordColumns()
          expect(readRecordBatch(compressed, 0, columns)).toBe(compressed.length)
          expect(rowsOf(columns).map(({ value }) => value)).toEqual(texts)
          expect(readBatchHeader(compressed, 0)).toEqual({
            ...readBatchHeader(plain, 0),
            byteLength: compressed.length,
          })
        }),
      )
    },
  )

  test('holds its records as any gzip tool reads them', () => {
    const plain = batchOf(['a'.repeat(1000)]).finish(stamp)
    const compressed = compressBatch(plain, 'gzip')
    expect(gunzipSync(compressed.subarray(61))).toEqual(plain.subarray(61))
    expect(compressed.length).toBeLessThan(200)
  })
})

describe('snappy', () => {
  const xerialHeader = Buffer.from('82534e41505059000000000100000001', 'hex')
  const blocks: readonly [what: string, block: number[], text: string][] = [
    ['a literal', [3, 2 << 2, 0x61, 0x62, 0x63], 'abc'],
    ['a copy that reaches into itself', [8, 0 << 2, 0x61, (3 << 2) | 1, 1], 'aaaaaaaa'],
    ['a copy with two bytes of offset', [6, 2 << 2, 0x61, 0x62, 0x63, (2 << 2) | 2, 3, 0], 'abcabc'],
    ['a copy with four bytes of offset', [6, 2 << 2, 0x61, 0x62, 0x63, (2 << 2) | 3, 3, 0, 0, 0], 'abcabc'],
    ['a literal with its length behind the tag', [100, 60 << 2, 99, ...Array(100).fill(0x7a)], 'z'.repeat(100)],
    ['nothing', [0], ''],
  ]

  test.each(blocks)('%s is read, raw and framed', (_, block, text) => {
    const raw = Buffer.from(block)
    expect(decompressRecords(codecNumber.snappy, raw).toString()).toBe(text)
    const length = Buffer.alloc(4)
    length.writeInt32BE(raw.length)
    const framed = Buffer.concat([xerialHeader, length, raw, length, raw])
    expect(decompressRecords(codecNumber.snappy, framed).toString()).toBe(text + text)
  })

  test('that is damaged is refused, whatever the damage', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), fc.boolean(), (bytes, isFramed) => {
        const source = Buffer.concat([isFramed ? xerialHeader : Buffer.alloc(0), bytes])
        try {
          decompressRecords(codecNumber.snappy, source)
        } catch (error) {
          expect(error).toMatchObject({ code: 'corrupt_batch' })
        }
      }),
    )
  })

  test.each([
    ['a copy from before the start', [4, (0 << 2) | 1, 1]],
    ['a literal over the end', [9, 8 << 2, 0x61]],
    ['more than a batch may hold', [0xff, 0xff, 0xff, 0xff, 0x0f]],
    ['less than it claims', [5, 0, 0x61]],
  ])('with %s is damaged', (_, block) => {
    expect(() => decompressRecords(codecNumber.snappy, Buffer.from(block))).toThrow(
      expect.objectContaining({ code: 'corrupt_batch' }),
    )
  })
})

test('an unknown codec is named', () => {
  expect(() => decompressRecords(7, Buffer.alloc(1))).toThrow(/codec 7/)
})
