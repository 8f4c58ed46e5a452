import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ByteReader } from '../../core/byte-reader.ts'
import { ByteWriter } from '../../core/byte-writer.ts'
import { BadRecord } from '../../core/errors.ts'

const reader = (...bytes: readonly number[]) => new ByteReader(Buffer.from(bytes))

describe('a byte reader', () => {
  it('reads back every safe integer', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), (value) => {
        const to = new ByteWriter(1)
        to.varint(value)
        expect(new ByteReader(to.copy()).varint()).toBe(value)
      }),
      { examples: [[0], [-1], [2 ** 52], [-(2 ** 52) - 1], [Number.MAX_SAFE_INTEGER], [Number.MIN_SAFE_INTEGER]] },
    )
  })

  it('reads bytes and text within its bounds only', () => {
    const part = new ByteReader(Buffer.from('xabcdy'), 1, 5)
    expect(part.byte()).toBe(97)
    expect(part.text(2)).toBe('bc')
    expect(() => part.bytes(2)).toThrow(BadRecord)
    expect(() => part.skip(2)).toThrow(BadRecord)
    expect(part.bytes(1).toString()).toBe('d')
    expect(() => part.byte()).toThrow('the bytes end too early')
  })

  it.each([
    ['beyond 2^53', [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x20]],
    ['of 64 bits', [255, 255, 255, 255, 255, 255, 255, 255, 255, 1]],
    ['longer than 10 bytes', [255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1]],
    ['without an end', [255]],
  ])('refuses a varint %s', (_, bytes) => {
    expect(() => reader(...bytes).varint()).toThrow(BadRecord)
  })

  it('refuses a negative length, and text that is not UTF-8', () => {
    expect(() => reader(1, 2).bytes(-1)).toThrow(BadRecord)
    expect(() => reader(0xff).text(1)).toThrow(BadRecord)
    expect(reader(0xef, 0xbf, 0xbd).text(3)).toBe('\ufffd')
  })
})
