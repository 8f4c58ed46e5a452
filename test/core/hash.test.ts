import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Hash64 } from '../../core/hash.ts'

// Check values of both checksums, from the catalogue of parametrised CRC algorithms.
test('the halves are CRC-32 and CRC-32C', () => {
  expect(new Hash64().bytes(Buffer.from('123456789'))).toMatchObject({ high: 0xcbf43926, low: 0xe3069283 })
})

test('a part of a buffer hashes like the part alone', () => {
  const part = new Hash64().bytes(Buffer.from('--hello, world--'), 2, 14)
  const whole = new Hash64().bytes(Buffer.from('hello, world'))
  expect([part.high, part.low]).toEqual([whole.high, whole.low])
})

test('a text and its UTF-16 bytes have one hash', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const [ofText, ofBytes] = [new Hash64().text(text), new Hash64().bytes(Buffer.from(text, 'utf16le'))]
      expect([ofText.high, ofText.low]).toEqual([ofBytes.high, ofBytes.low])
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
