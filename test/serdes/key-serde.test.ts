import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { keySerde } from '../../serdes/key-serde.ts'
import { t } from '../../serdes/schema.ts'
import { windowed } from '../../serdes/windowed.ts'
import { codeOf, decode, encode } from './encoding.ts'

const neighborhood = t.id('Neighborhood')

describe('keys have the bytes that Kafka’s own serializers give them', () => {
  it('text and ids: UTF-8 without a length', () => {
    expect(encode(keySerde(t.string), 'Mission ☀')).toEqual(Buffer.from('Mission ☀'))
    expect(decode(keySerde(neighborhood), Buffer.from('Noe'))).toBe('Noe')
    expect(decode(keySerde(t.string), Buffer.alloc(0))).toBe('')
  })

  it('int: 4 bytes, big-endian', () => {
    expect(encode(keySerde(t.int), -2)).toEqual(Buffer.from([255, 255, 255, 254]))
    expect(decode(keySerde(t.int), Buffer.from([0, 0, 1, 0]))).toBe(256)
  })

  it('long and instant: 8 bytes, big-endian, every safe integer exactly', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), (value) => {
        const bytes = Buffer.alloc(8)
        bytes.writeBigInt64BE(BigInt(value))
        expect(encode(keySerde(t.instant), value)).toEqual(bytes)
        expect(decode(keySerde(t.long), bytes)).toBe(value)
      }),
      { examples: [[0], [-1], [2 ** 32], [-(2 ** 32)], [Number.MAX_SAFE_INTEGER], [Number.MIN_SAFE_INTEGER]] },
    )
  })

  it('windowed: the key, then 8 bytes of window start', () => {
    const serde = keySerde(windowed(neighborhood, { size: () => 3_600_000 }))
    const bytes = Buffer.concat([Buffer.from('Noe'), Buffer.from([0, 0, 0, 0, 0, 0x36, 0xee, 0x80])])
    const window = { key: neighborhood.of('Noe'), start: 3_600_000, end: 7_200_000 }
    expect(encode(serde, window)).toEqual(bytes)
    expect(decode(serde, bytes)).toEqual(window)
  })

  it('windowed without a known size: no end', () => {
    const serde = keySerde(windowed(t.int))
    const bytes = encode(serde, { key: 7, start: 10, end: 20 })
    expect(decode(serde, bytes)).toEqual({ key: 7, start: 10, end: undefined })
  })

  it('records, tuples and the rest: Avro', () => {
    const serde = keySerde(t.tuple(t.int, t.string))
    expect(encode(serde, [1, 'a'])).toEqual(Buffer.from([2, 2, 97]))
    expect(decode(serde, Buffer.from([2, 2, 97]))).toEqual([1, 'a'])
  })
})

describe('bad keys are refused', () => {
  it.each([
    ['invalid UTF-8', keySerde(t.string), [0xc3]],
    ['an int of 5 bytes', keySerde(t.int), [0, 0, 0, 0, 1]],
    ['a long of 4 bytes', keySerde(t.long), [0, 0, 0, 1]],
    ['a long beyond 2^53', keySerde(t.long), [0, 0x20, 0, 0, 0, 0, 0, 0]],
    ['a windowed key without its window', keySerde(windowed(t.string)), [65, 66]],
  ])('%s', (_, serde, bytes) => {
    expect(codeOf(() => decode<unknown>(serde, Buffer.from(bytes)))).toBe('decode')
  })

  it('when written, too', () => {
    expect(codeOf(() => encode(keySerde(t.string), 'a\ud800'))).toBe('encode')
    expect(codeOf(() => encode(keySerde(t.int), 2 ** 31))).toBe('encode')
    expect(codeOf(() => encode(keySerde(t.instant), 0.5))).toBe('encode')
  })
})
