import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Hash64 } from '../../core/hash.ts'

test.each([
  ['', 0xebb6c228],
  ['abc', 0xc84a62dd],
  ['aaaa', 0x5a97808a],
  ['Hello, world!', 0x24884cba],
])("the upper half is murmur3's hash of '%s'", (text, expected) => {
  expect(new Hash64().bytes(Buffer.from(text)).high).toBe(expected)
})

test('a part of a buffer hashes like the part alone', () => {
  const part = new Hash64().bytes(Buffer.from('--hello, world--'), 2, 14)
  expect(part).toEqual(new Hash64().bytes(Buffer.from('hello, world')))
})

test('a text and its UTF-16 bytes have one hash', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(new Hash64().text(text)).toEqual(new Hash64().bytes(Buffer.from(text, 'utf16le')))
    }),
  )
})

test('different contents have different hashes', () => {
  const seen = new Set<string>()
  const hash = new Hash64()
  for (let i = 0; i < 100_000; i++) {
    hash.text(`request ${i}`)
    seen.add(`${hash.high} ${hash.low}`)
  }
  expect(seen.size).toBe(100_000)
})
