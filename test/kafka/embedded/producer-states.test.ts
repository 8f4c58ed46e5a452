import { describe, expect, test } from 'vitest'
import { ProducerFenced } from '../../../core/errors.ts'
import { ProducerStates } from '../../../kafka/embedded/log/producer-states.ts'
import type { BatchHeader } from '../../../kafka/record-batch/batch-header.ts'

const batch = (baseSequence: number, recordCount: number, epoch = 0): BatchHeader => ({
  baseOffset: 0,
  lastOffset: recordCount - 1,
  byteLength: 100,
  isControl: false,
  isTransactional: true,
  timestampType: 'CreateTime',
  maxTimestamp: 0,
  producerId: 9,
  epoch,
  baseSequence,
  recordCount,
})

/** Appends where the states allow it; returns the base offset, which for a duplicate is the first one. */
function append(states: ProducerStates, sent: BatchHeader, offset: number): number {
  const duplicate = states.duplicateOf(sent)
  if (duplicate !== undefined) return duplicate
  states.appended(sent, offset, 0)
  return offset
}

describe('the producers of a partition', () => {
  test('answer a repeated batch with the offset of the first', () => {
    const states = new ProducerStates()
    expect(append(states, batch(0, 3), 10)).toBe(10)
    expect(append(states, batch(3, 2), 13)).toBe(13)
    expect(append(states, batch(0, 3), 15)).toBe(10)
    expect(append(states, batch(5, 1), 15)).toBe(15)
  })

  test('refuse a gap in the sequence, and an old epoch', () => {
    const states = new ProducerStates()
    append(states, batch(0, 3, 4), 10)
    expect(() => append(states, batch(4, 1, 4), 13)).toThrow(expect.objectContaining({ code: 'out_of_order_sequence' }))
    expect(() => append(states, batch(3, 1, 3), 13)).toThrow(ProducerFenced)
    expect(() => append(states, batch(3, 1, 5), 13)).toThrow(ProducerFenced)
    expect(append(states, batch(0, 1, 5), 13)).toBe(13)
  })

  test('go on at 0 behind the largest sequence', () => {
    const states = new ProducerStates()
    append(states, batch(2 ** 31 - 2, 2), 0)
    expect(append(states, batch(0, 1), 2)).toBe(2)
  })

  test('refuse the batches of a producer that a marker of a newer epoch has fenced', () => {
    const states = new ProducerStates()
    append(states, batch(0, 1, 0), 0)
    states.ended(9, 1, 'abort', 1, 0)
    expect(() => append(states, batch(1, 1, 0), 2)).toThrow(ProducerFenced)
  })

  test('hold the stable offset at the oldest open transaction, also after being stored', () => {
    const states = new ProducerStates()
    append(states, batch(0, 1), 5)
    const restored = new ProducerStates(JSON.parse(JSON.stringify(states.stored(0))))
    expect(restored.stableOffset(8)).toBe(5)
    restored.ended(9, 0, 'abort', 7, 0)
    expect(restored.stableOffset(8)).toBe(8)
    expect(restored.abortedBetween(0, 8)).toEqual([{ producerId: 9, firstOffset: 5 }])
    expect(restored.abortedBetween(8, 9)).toEqual([])
  })
})
