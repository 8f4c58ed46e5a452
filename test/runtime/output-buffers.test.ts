// What waits for the next transaction: how it is split, and which memory it is kept in.
import { expect, test } from 'vitest'
import type { RecordBatchWriter } from '../../kafka/record-batch/record-batch-writer.ts'
import { OutputBuffers } from '../../runtime/output-buffers.ts'

const write = (outputs: OutputBuffers, topic: string, bytes: number): RecordBatchWriter => {
  const batch = outputs.batchFor(topic, 0, bytes)
  batch.append(0, undefined, 0, 0, Buffer.alloc(bytes), 0, bytes)
  return batch
}
const commit = (outputs: OutputBuffers): number => {
  const rounds = outputs.take()
  outputs.reuse(rounds)
  return rounds.length
}

test('records of a partition that a broker would not take in one batch go out in rounds', () => {
  const outputs = new OutputBuffers()
  for (let i = 0; i < 5; i++) write(outputs, 'wide', 400_000)
  write(outputs, 'narrow', 10)
  const sizes = outputs.take().map((round) => round.map(({ topic, records }) => `${topic} ${records.count}`))
  expect(sizes).toEqual([['wide 2', 'narrow 1'], ['wide 2'], ['wide 1']])
})

test('a partition goes on in the memory of its own earlier batches, and a narrow one never in that of a wide one', () => {
  const outputs = new OutputBuffers()
  const wide = write(outputs, 'wide', 800_000)
  const narrow = write(outputs, 'narrow', 10)
  commit(outputs)
  expect(write(outputs, 'narrow', 10)).toBe(narrow)
  expect(write(outputs, 'wide', 800_000)).toBe(wide)
  expect(write(outputs, 'new', 10).bytes.buffer.length).toBeLessThan(100_000)
})

test('of what a burst needed, a commit keeps no more than as much again as it holds', () => {
  const outputs = new OutputBuffers()
  const burst = Array.from({ length: 8 }, () => write(outputs, 'wide', 800_000))
  expect(commit(outputs)).toBe(8)
  write(outputs, 'wide', 800_000)
  expect(commit(outputs)).toBe(1)
  const after = Array.from({ length: 8 }, () => write(outputs, 'wide', 800_000))
  expect(after.filter((batch) => burst.includes(batch))).toHaveLength(2)
})
