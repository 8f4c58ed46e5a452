import { describe, expect, test } from 'vitest'
import { murmur2, partitionFor } from '../../kafka/partitioner.ts'

// The vectors of Kafka's own UtilsTest.
const vectors: [string, number][] = [
  ['21', -973932308],
  ['foobar', -790332482],
  ['a-little-bit-long-string', -985981536],
  ['a-little-bit-longer-string', -1486304829],
  ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
  ['abc', 479470107],
]

describe('partitioner', () => {
  test.each(vectors)('hashes %s as Java does', (text, hash) => {
    const key = Buffer.from(text)
    expect(murmur2(key, 0, key.length)).toBe(hash)
  })

  test('gives the partition of a key inside a larger buffer', () => {
    const buffer = Buffer.from('..foobar..')
    expect(partitionFor(buffer, 2, 8, 12)).toBe((-790332482 & 0x7fffffff) % 12)
  })
})
