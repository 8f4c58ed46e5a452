import fc from 'fast-check'
import { expect, it } from 'vitest'
import { FramePool } from '../../../kafka/remote/frame-pool.ts'
import { FrameReader } from '../../../kafka/remote/frame-reader.ts'

const lengths = fc.array(fc.oneof(fc.integer({ min: 4, max: 50 }), fc.integer({ min: 4, max: 300_000 })), {
  minLength: 1,
  maxLength: 12,
})
const reads = fc.array(fc.oneof(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 200_000 })), { minLength: 1 })

it('gives each answer whole, however it came in, and none over the memory of another', () => {
  fc.assert(
    fc.property(lengths, reads, fc.boolean(), (sizes, chunks, recycles) => {
      const pool = new FramePool()
      const got: { length: number; isWhole: boolean }[] = []
      const reader = new FrameReader(pool, (answer) => {
        const fill = got.length + 1
        got.push({ length: answer.length, isWhole: answer.every((byte) => byte === fill) })
        if (recycles) pool.recycle(answer)
      })
      feed(reader, framed(sizes), chunks)
      expect(got).toEqual(sizes.map((length) => ({ length, isWhole: true })))
    }),
    { numRuns: 200 },
  )
})

it.each([3, -1, 0x48545450])('closes a connection whose first answer would have %i bytes', (length) => {
  const reader = new FrameReader(new FramePool(), () => {})
  reader.target().writeInt32BE(length)
  expect(() => reader.came(4)).toThrow('is this a Kafka broker?')
})

it('lends a frame again only after it was given back', () => {
  const pool = new FramePool()
  const [first, second] = [pool.take(100_000), pool.take(100_000)]
  expect(second.buffer).not.toBe(first.buffer)
  pool.recycle(first.subarray(10, 20))
  expect(pool.take(900_000).buffer).toBe(first.buffer)
  pool.recycle(Buffer.from('not from here'))
  expect(pool.take(100_000).buffer).not.toBe(second.buffer)
})

/** Answers filled with their number, from 1. */
function framed(sizes: readonly number[]): Buffer {
  const parts = sizes.flatMap((size, i) => {
    const length = Buffer.alloc(4)
    length.writeInt32BE(size)
    return [length, Buffer.alloc(size, i + 1)]
  })
  return Buffer.concat(parts)
}

/** As a socket would: never more than fits. */
function feed(reader: FrameReader, bytes: Buffer, chunks: readonly number[]): void {
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const target = reader.target()
    const count = Math.min(target.length, bytes.length - at, chunks[turn % chunks.length] ?? 1)
    bytes.copy(target, 0, at, at + count)
    reader.came(count)
    at += count
  }
}
