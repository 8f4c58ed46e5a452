import fc from 'fast-check'
import { expect, it } from 'vitest'
import { RecordBatchWriter } from '../../../kafka/record-batch/record-batch-writer.ts'

const noHeaders = 0
const lengths = fc.oneof(fc.nat(200), fc.nat(20_000))
const someRecord = fc.record({
  timestamp: fc.nat(2 ** 40),
  key: fc.uint8Array({ maxLength: 100 }),
  value: fc.option(lengths, { nil: undefined }),
  isTakenBack: fc.boolean(),
})

it('holds the same bytes whether values are encoded in place or copied, and nothing of records that were taken back', () => {
  fc.assert(
    fc.property(fc.array(someRecord, { minLength: 1, maxLength: 20 }), (records) => {
      const inPlace = new RecordBatchWriter(64)
      const copied = new RecordBatchWriter(64)
      copied.append(0, undefined, 0, 0, undefined, 0, 0)
      inPlace.append(0, undefined, 0, 0, undefined, 0, 0)
      for (const { timestamp, key, value, isTakenBack } of records) {
        const keyBytes = Buffer.from(key)
        const valueBytes = value === undefined ? undefined : Buffer.alloc(value, timestamp)
        inPlace.begin(timestamp, keyBytes, 0, keyBytes.length)
        if (valueBytes !== undefined) inPlace.bytes.bytes(valueBytes)
        inPlace.endValue(value === undefined)
        inPlace.bytes.byte(noHeaders)
        const before = copied.byteLength
        if (!isTakenBack) copied.append(timestamp, keyBytes, 0, keyBytes.length, valueBytes, 0, value ?? 0)
        if (isTakenBack) inPlace.takeBack()
        else expect(inPlace.end()).toBe(copied.byteLength - before)
      }
      const stamp = { producerId: 1, epoch: 0, sequence: 0, isTransactional: true }
      expect(inPlace.finish(stamp).equals(copied.finish(stamp))).toBe(true)
    }),
  )
})
