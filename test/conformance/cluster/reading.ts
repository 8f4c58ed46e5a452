// Conformance: what a fetch returns, how much of it, and how it waits.
import { describe, expect, test } from 'vitest'
import { ByteWriter } from '../../../core/byte-writer.ts'
import { RecordBatchWriter } from '../../../kafka/record-batch/record-batch-writer.ts'
import { RecordColumns, readRecordBatch } from '../../../kafka/record-batch/record-columns.ts'
import { listHeaders, writeHeaders } from '../../../kafka/record-batch/record-headers.ts'
import { fetchOptions, type Trial } from './trial.ts'

export function readingConformance(trial: () => Trial): void {
  describe('records', () => {
    test('come back with their keys, values, headers and times', async () => {
      await trial().createTopic()
      const headers = new ByteWriter()
      writeHeaders(headers, [
        { name: 'e', value: Buffer.from('1') },
        { name: 'nothing', value: undefined },
      ])
      const records = new RecordBatchWriter()
      const key = Buffer.from('..key..')
      records.append(2000, key, 2, 5, undefined, 0, 0, headers.view())
      records.append(1000, undefined, 0, 0, key, 0, 0)
      const producer = await trial().producer()
      await producer.send([{ topic: trial().topic, partition: 0, records }])
      await producer.commit()
      await trial().settled()
      expect(await trial().read()).toEqual([
        { offset: 0, timestamp: 2000, key: 'key', value: undefined },
        { offset: 1, timestamp: 1000, key: undefined, value: '' },
      ])
      const reader = trial().cluster.openReader()
      const [answer] = await reader.fetch([{ topic: trial().topic, partition: 0, offset: 0 }], fetchOptions)
      const columns = new RecordColumns()
      readRecordBatch(answer?.batches ?? Buffer.alloc(0), 0, columns)
      expect(listHeaders(columns.buffer, columns.headersStart[0] ?? 0, columns.headersEnd[0] ?? 0)).toEqual([
        { name: 'e', value: Buffer.from('1') },
        { name: 'nothing', value: undefined },
      ])
      await reader.close()
    })

    test('carry the time of their arrival where the topic says so', async () => {
      await trial().createTopic({ timestampType: 'LogAppendTime' })
      const before = Date.now()
      await trial().write(['a', 'b'], 0, 1000)
      const times = (await trial().read()).map(({ timestamp }) => timestamp)
      expect(times).toHaveLength(2)
      for (const time of times) expect(time).toBeGreaterThanOrEqual(before)
    })

    test('are read from a position amid a batch', async () => {
      await trial().createTopic()
      await trial().write(['a', 'b', 'c'])
      expect((await trial().read('read_committed', 1)).map(({ value }) => value)).toEqual(['b', 'c'])
    })
  })

  describe('a fetch', () => {
    const bigValue = 'x'.repeat(5000)

    test('returns the first batch whole, however large', async () => {
      await trial().createTopic()
      await trial().write([bigValue])
      await trial().write([bigValue])
      const reader = trial().cluster.openReader()
      const limits = { ...fetchOptions, maxBytes: 100, maxBytesPerPartition: 100 }
      const [answer] = await reader.fetch([{ topic: trial().topic, partition: 0, offset: 0 }], limits)
      expect(answer?.batches.length).toBeGreaterThan(5000)
      expect(answer?.batches.length).toBeLessThan(10_000)
      await reader.close()
    })

    test('keeps to the limit of all partitions together', async () => {
      await trial().createTopic()
      for (const partition of [0, 1]) for (let i = 0; i < 4; i++) await trial().write([bigValue], partition)
      const reader = trial().cluster.openReader()
      const positions = [0, 1].map((partition) => ({ topic: trial().topic, partition, offset: 0 }))
      const answers = await reader.fetch(positions, { ...fetchOptions, maxBytes: 12_000 })
      const total = answers.reduce((sum, { batches }) => sum + batches.length, 0)
      expect(total).toBeGreaterThan(5000)
      expect(total).toBeLessThanOrEqual(12_000)
      await reader.close()
    })

    test('answers with nothing when its wait is over', async () => {
      await trial().createTopic()
      const reader = trial().cluster.openReader()
      const answers = await reader.fetch([{ topic: trial().topic, partition: 0, offset: 0 }], {
        ...fetchOptions,
        maxWaitMs: 20,
      })
      expect(answers.filter(({ batches }) => batches.length > 0)).toEqual([])
      await reader.close()
    })

    test('wakes when a transaction commits', async () => {
      await trial().createTopic()
      const producer = await trial().producer()
      await trial().send(producer, ['a'])
      const reader = trial().cluster.openReader()
      const waiting = reader.fetch([{ topic: trial().topic, partition: 0, offset: 0 }], {
        ...fetchOptions,
        maxWaitMs: 20_000,
      })
      await producer.commit()
      expect((await waiting)[0]?.batches.length).toBeGreaterThan(0)
      await reader.close()
    })

    test('ends its wait when it is aborted', async () => {
      await trial().createTopic()
      const reader = trial().cluster.openReader()
      const abort = new AbortController()
      const waiting = reader.fetch([{ topic: trial().topic, partition: 0, offset: 0 }], {
        ...fetchOptions,
        maxWaitMs: 40_000,
        signal: abort.signal,
      })
      abort.abort()
      await waiting.catch(() => {})
      await reader.close()
    }, 10_000)
  })
}
