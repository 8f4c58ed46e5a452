import avro from 'avsc'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ByteWriter } from '../../core/byte-writer.ts'
import { avroSchemaText } from '../../serdes/avro-schema.ts'
import { binarySerde } from '../../serdes/binary-serde.ts'
import { t } from '../../serdes/schema.ts'
import { anySample } from './arbitrary-schema.ts'
import { codeOf, decode, encode } from './encoding.ts'

class Request extends t.record('Request', {
  id: t.id('RequestId'),
  openedAt: t.instant,
  agency: t.optional(t.string),
  status: t.oneOf('open', 'closed'),
  tags: t.list(t.string),
  counts: t.map(t.long),
  urgent: t.boolean,
  latitude: t.double,
}) {}
const requestId = t.id('RequestId')
const serde = binarySerde(Request)

function request(changes: Partial<Request> = {}): Request {
  return new Request({
    id: requestId.of('101'),
    openedAt: 1_767_225_600_000,
    agency: undefined,
    status: 'open',
    tags: [],
    counts: {},
    urgent: false,
    latitude: 37.77,
    ...changes,
  })
}

describe('compiled readers and writers', () => {
  it('write and read what avsc writes and reads, for any schema and value', () => {
    fc.assert(
      fc.property(anySample, ({ schema, value, asAvsc }) => {
        const reference = avro.Type.forSchema(JSON.parse(avroSchemaText(schema)))
        const bytes = reference.toBuffer(asAvsc)
        expect(encode(binarySerde(schema), value)).toEqual(bytes)
        expect(decode(binarySerde(schema), bytes)).toEqual(value)
      }),
      { numRuns: 300 },
    )
  })

  it('refuse every shortened or lengthened encoding, for any schema and value', () => {
    fc.assert(
      fc.property(anySample, fc.nat(), ({ schema, value }, at) => {
        const bytes = encode(binarySerde(schema), value)
        const shorter = bytes.subarray(0, at % bytes.length)
        expect(codeOf(() => decode(binarySerde(schema), shorter))).toBe('decode')
        const longer = Buffer.concat([bytes, Buffer.from([0])])
        expect(codeOf(() => decode(binarySerde(schema), longer))).toBe('decode')
      }),
      { numRuns: 200 },
    )
  })

  it('read any bytes at all as a value or refuse them', () => {
    fc.assert(
      fc.property(anySample, fc.uint8Array({ maxLength: 80 }), fc.nat(), ({ schema, value }, noise, at) => {
        const bytes = encode(binarySerde(schema), value)
        Buffer.from(noise).copy(bytes, at % bytes.length)
        expect(['decode', 'no error']).toContain(codeOf(() => decode(binarySerde(schema), bytes)))
      }),
      { numRuns: 300 },
    )
  })

  it('write and read every whole number within 2^53 exactly', () => {
    const long = binarySerde(t.long)
    const edges = [0, 2 ** 27, 2 ** 30, 2 ** 31, 2 ** 52, Number.MAX_SAFE_INTEGER].flatMap((n) => [n, -n, 1 - n, n - 1])
    fc.assert(
      fc.property(fc.maxSafeInteger(), (value) => {
        expect(encode(long, value)).toEqual(zigzag(BigInt(value)))
        expect(decode(long, zigzag(BigInt(value)))).toBe(value)
      }),
      { examples: edges.map((edge) => [edge + 0]) },
    )
  })

  it('make instances of the class that is the schema', () => {
    expect(decode(serde, encode(serde, request()))).toBeInstanceOf(Request)
  })

  it.each([
    ['emoji', '🏙️👩🏽‍🚒'],
    ['right to left', 'مرحبا שלום'],
    ['control characters', '\u0000\u0001\t\r\n\u007f\u0085\u2028'],
    ['backslashes and quotes', '\\"\'\\u0041'],
    ['a replacement character that somebody wrote', 'a\ufffdb'],
    ['the longest text with one length byte', 'é'.repeat(31)],
    ['text whose length byte count is misjudged', 'é'.repeat(63)],
    ['long text', '新'.repeat(5000)],
  ])('pass %s byte for byte', (_, agency) => {
    const bytes = encode(serde, request({ agency }))
    expect(bytes.includes(Buffer.from(agency))).toBe(true)
    expect(decode(serde, bytes).agency).toBe(agency)
  })

  it('pass __proto__ and constructor as keys like any other', () => {
    const counts: Record<string, number> = JSON.parse('{"__proto__":1,"constructor":2,"":3}')
    const back = decode(serde, encode(serde, request({ counts }))).counts
    expect(Object.entries(back)).toEqual([
      ['__proto__', 1],
      ['constructor', 2],
      ['', 3],
    ])
  })

  it('pass NaN and infinities, which only a validation can judge', () => {
    for (const latitude of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0]) {
      expect(decode(serde, encode(serde, request({ latitude }))).latitude).toBe(latitude)
    }
  })

  it('give bytes that stay as they are when the fetched buffer is used again', () => {
    const bytes = binarySerde(t.bytes)
    const fetched = encode(bytes, Buffer.from('kept'))
    const kept = bytes.read(fetched, 0, fetched.length)
    fetched.fill(0)
    expect(kept.toString()).toBe('kept')
  })

  it('keep apart texts that share a slot of the cache', () => {
    const texts = binarySerde(t.list(t.string))
    const values = Array.from({ length: 20_000 }, (_, index) => `text ${(index * 7919) % 10_000}`)
    expect(decode(texts, encode(texts, values))).toEqual(values)
    expect(decode(texts, encode(texts, values))).toEqual(values)
  })
})

describe('bad bytes are refused', () => {
  const long = binarySerde(t.long)
  const text = binarySerde(t.string)

  it('longs beyond 2^53, never rounded', () => {
    for (const value of [2n ** 53n, -(2n ** 53n), 2n ** 63n - 1n, -(2n ** 63n)]) {
      expect(codeOf(() => decode(long, zigzag(value)))).toBe('decode')
    }
  })

  it('ints beyond 32 bits', () => {
    expect(codeOf(() => decode(binarySerde(t.int), zigzag(2n ** 31n)))).toBe('decode')
    expect(decode(binarySerde(t.int), zigzag(-(2n ** 31n)))).toBe(-(2 ** 31))
  })

  it.each([
    ['an empty value', text, []],
    ['a length that runs over the end', text, [8, 65]],
    ['a length of 2^52', text, [...zigzag(2n ** 52n), 65]],
    ['a negative length', text, [1, 65]],
    ['a varint of eleven bytes', long, [255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1]],
    ['a varint that does not end', long, [255]],
    ['invalid UTF-8', text, [4, 0xc3, 0x28]],
    ['a UTF-8 encoded surrogate', text, [6, 0xed, 0xa0, 0x80]],
    ['Latin-1 for UTF-8', text, [2, 0xe9]],
    ['a block of 2^40 items', binarySerde(t.list(t.int)), [...zigzag(2n ** 40n), 2, 0]],
    ['a block with a negative size', binarySerde(t.list(t.int)), [1, 1, 2, 0]],
    ['a list without its end', binarySerde(t.list(t.int)), [2, 2]],
    ['a map with a torn key', binarySerde(t.map(t.int)), [2, 8, 65, 2, 0]],
    ['a branch the union does not have', binarySerde(t.optional(t.int)), [4, 2]],
    ['a negative branch', binarySerde(t.optional(t.int)), [1]],
    ['a symbol the enum does not have', binarySerde(t.oneOf('a', 'b')), [4]],
    ['a negative symbol', binarySerde(t.oneOf('a', 'b')), [1]],
    ['a text that is none of the given', binarySerde(t.oneOf('a b', 'c')), [2, 65]],
    ['a boolean of 2', binarySerde(t.boolean), [2]],
    ['half a double', binarySerde(t.double), [0, 0, 0, 0]],
    ['bytes left over', binarySerde(t.int), [2, 2]],
  ])('%s', (_, reader, bytes) => {
    expect(codeOf(() => decode<unknown>(reader, Buffer.from(bytes)))).toBe('decode')
    expect(codeOf(() => reader.read(Buffer.from(bytes), 0, bytes.length))).toBe('decode')
  })

  it('but blocks that tell their size are read, as other writers write them', () => {
    expect(decode(binarySerde(t.list(t.int)), Buffer.from([3, 4, 2, 4, 2, 6, 0]))).toEqual([1, 2, 3])
  })

  it('invalid UTF-8 even when the same characters are in the cache', () => {
    expect(decode(text, Buffer.from([4, 0xc3, 0xa9]))).toBe('é')
    expect(codeOf(() => decode(text, Buffer.from([2, 0xe9])))).toBe('decode')
  })
})

describe('values that do not fit their schema are refused', () => {
  // What arrives from code that is not type-checked.
  const wrong = (changes: object): Request => Object.assign(request(), changes)

  it.each([
    ['a missing field', { id: undefined }],
    ['null in an optional field', { agency: null }],
    ['a number for text', { agency: 5 }],
    ['a lone surrogate', { agency: 'a\ud800b' }],
    ['a lone surrogate in a long text', { agency: `${'x'.repeat(100)}\udc00` }],
    ['a fraction for an instant', { openedAt: 1.5 }],
    ['an instant beyond 2^53', { openedAt: 2 ** 53 }],
    ['NaN for an instant', { openedAt: Number.NaN }],
    ['a date for an instant', { openedAt: new Date(0) }],
    ['a value that is none of the given', { status: 'new' }],
    ['text for a list', { tags: 'a' }],
    ['a number in a list of texts', { tags: [1] }],
    ['null for a map', { counts: null }],
    ['text in a map of numbers', { counts: { a: 'b' } }],
    ['a number for a boolean', { urgent: 1 }],
    ['text for a double', { latitude: '37.7' }],
    ['an object that has no text form', { agency: Object.create(null) }],
  ])('%s', (_, changes) => {
    const to = new ByteWriter(1)
    to.bytes(Buffer.from('before'))
    expect(codeOf(() => serde.write(wrong(changes), to))).toBe('encode')
    expect(to.view().toString()).toBe('before')
  })

  it('naming the field and the value', () => {
    expect(() => encode(serde, wrong({ status: 'new' }))).toThrow(
      'Request.status: expected one of open, closed, not "new"',
    )
  })
})

/** Any 64-bit integer as Avro writes it. */
function zigzag(value: bigint): Buffer {
  const bytes: number[] = []
  let rest = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n))
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128)
  return Buffer.from([...bytes, Number(rest)])
}
