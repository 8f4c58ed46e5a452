import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ByteWriter } from '../../core/byte-writer.ts'

describe('a byte writer', () => {
  it('appends bytes, text and numbers, growing as needed', () => {
    const to = new ByteWriter(1)
    to.byte(1)
    to.text('é☀')
    to.bytes(Buffer.from([9, 8, 7, 6]), 1, 3)
    expect(to.copy()).toEqual(Buffer.from([1, 0xc3, 0xa9, 0xe2, 0x98, 0x80, 8, 7]))
  })

  it('writes every safe integer as the zigzag varint that arithmetic on big integers gives', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), (value) => {
        const to = new ByteWriter(1)
        to.varint(value)
        expect([...to.view()]).toEqual(zigzag(BigInt(value)))
      }),
      {
        examples: [
          [0],
          [-1],
          [2 ** 30],
          [-(2 ** 30) - 1],
          [2 ** 52],
          [Number.MAX_SAFE_INTEGER],
          [Number.MIN_SAFE_INTEGER],
        ],
      },
    )
  })

  it.each([0, 1, 63, 64, 200, 8191, 8192, 70_000])(
    'puts the length in front of %i bytes written behind it',
    (length) => {
      const content = Buffer.from(Array.from({ length }, (_, i) => i % 251))
      const expected = new ByteWriter()
      expected.byte(7)
      expected.varint(length)
      expected.bytes(content)
      const to = new ByteWriter(1)
      to.byte(7)
      const start = to.beginSized()
      to.bytes(content)
      to.endSized(start)
      expect(to.copy()).toEqual(expected.copy())
    },
  )

  it('grows for writers that keep the position, without moving its own', () => {
    const to = new ByteWriter(4)
    to.bytes(Buffer.from([1, 2]))
    to.buffer[2] = 3
    expect([...to.grow(3, 10).subarray(0, 3)]).toEqual([1, 2, 3])
    expect(to.position).toBe(2)
    expect(to.buffer.length).toBeGreaterThanOrEqual(13)
  })

  it('starts over without letting go of its buffer', () => {
    const to = new ByteWriter(16)
    const { buffer } = to
    to.text('abc')
    to.reset()
    expect(to.view()).toHaveLength(0)
    expect(to.buffer).toBe(buffer)
  })

  it('gives views that share and copies that do not', () => {
    const to = new ByteWriter(8)
    to.text('abc')
    const [view, copy] = [to.view(1), to.copy(1)]
    to.buffer[1] = 0
    expect(view[0]).toBe(0)
    expect(copy.toString()).toBe('bc')
  })
})

function zigzag(value: bigint): number[] {
  const bytes: number[] = []
  let rest = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n))
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128)
  return [...bytes, Number(rest)]
}
