import { expect, it } from 'vitest'
import { BadRecord } from '../../core/errors.ts'
import { StreamRecord } from '../../core/stream-record.ts'
import { OutputBuffers } from '../../runtime/output-buffers.ts'
import { RecordWriter } from '../../runtime/record-writer.ts'
import { binarySerde } from '../../serdes/binary-serde.ts'
import { keySerde } from '../../serdes/key-serde.ts'
import { t } from '../../serdes/schema.ts'
import type { PhysicalTopic } from '../../topology/graph.ts'

const topic = { name: 'out', partitions: 1, role: 'output' } as PhysicalTopic

it('leaves nothing of a value that cannot be written, not even an empty batch', () => {
  const outputs = new OutputBuffers()
  const writer = new RecordWriter(topic, { key: keySerde(t.string), value: binarySerde(t.string) }, outputs)
  const write = (value: unknown) => writer.write(StreamRecord.of('k', value, 0, 0, 0, 0), 0)
  expect(() => write(7)).toThrow(BadRecord)
  expect(outputs.take()).toEqual([])
  expect(() => write(7)).toThrow(BadRecord)
  write('well')
  expect(() => write(7)).toThrow(BadRecord)
  expect(outputs.take().map((round) => round.map(({ records }) => records.count))).toEqual([[1]])
})

it('refuses a record over the limit of its topic, and goes on', () => {
  const outputs = new OutputBuffers()
  const writer = new RecordWriter(topic, { key: keySerde(t.string), value: binarySerde(t.string) }, outputs)
  const write = (length: number) => writer.write(StreamRecord.of('k', 'x'.repeat(length), 0, 0, 0, 0), 0)
  expect(() => write(1_100_000)).toThrow(/limit of 1000000 of out/)
  for (const length of [800_000, 50_000, 200_000, 900_000]) write(length)
  const batches = outputs.take().flat()
  expect(batches.map(({ records }) => records.count)).toEqual([2, 1, 1])
  expect(Math.max(...batches.map(({ records }) => records.byteLength))).toBeLessThan(1_048_588)
})
