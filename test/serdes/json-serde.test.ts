import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { jsonSerde } from '../../serdes/json-serde.ts'
import { t } from '../../serdes/schema.ts'
import { windowed, windowResult } from '../../serdes/windowed.ts'
import { anySample } from './arbitrary-schema.ts'
import { codeOf, decode, encode } from './encoding.ts'

class Request extends t.record('Request', {
  id: t.id('RequestId'),
  openedAt: t.instant,
  note: t.optional(t.string),
  status: t.oneOf('open', 'closed'),
  photo: t.bytes,
  latitude: t.double,
  counts: t.map(t.int),
}) {}
const serde = jsonSerde(Request)
const plain = { id: '1', openedAt: 1000, status: 'open', photo: 'AQI=', latitude: 1.5, counts: { a: 1 } }

const json = (changes: object) => Buffer.from(JSON.stringify({ ...plain, ...changes }))

describe('JSON values', () => {
  it('come back as they were, for any schema and value that JSON can hold', () => {
    fc.assert(
      fc.property(anySample, ({ schema, value }) => {
        const any = jsonSerde(schema)
        let bytes: Buffer
        try {
          bytes = encode(any, value)
        } catch (error) {
          expect(error).toMatchObject({ code: 'encode', message: expect.stringMatching(/NaN|Infinity/) })
          return
        }
        expect(decode(any, bytes)).toEqual(value)
        expect(encode(any, decode(any, Buffer.from(JSON.stringify(JSON.parse(bytes.toString())))))).toEqual(bytes)
      }),
      { numRuns: 200 },
    )
  })

  it('are instances of the class, with absent and null fields undefined and unknown ones left out', () => {
    const request = decode(serde, json({ note: null, more: true }))
    expect(request).toBeInstanceOf(Request)
    expect(request).toEqual({ ...plain, note: undefined, photo: Buffer.from([1, 2]) })
    expect('more' in request).toBe(false)
  })

  it('have only what is there: instants as milliseconds, bytes as base64, nothing for undefined', () => {
    expect(JSON.parse(encode(serde, decode(serde, json({}))).toString())).toEqual(plain)
  })

  it('pass __proto__ as a key like any other', () => {
    const bytes = Buffer.from(json({}).toString().replace('"a":1', '"__proto__":1'))
    expect(Object.entries(decode(serde, bytes).counts)).toEqual([['__proto__', 1]])
    expect(encode(serde, decode(serde, bytes))).toEqual(bytes)
  })

  it('have text as JSON.stringify writes it', () => {
    const text = jsonSerde(t.string)
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (any) => encode(text, any).toString() === JSON.stringify(any)),
      {
        examples: [['"'], ['\\'], ['\u0000\u001f \u007f\u2028'], ['\ud7ff\ue000\uffff'], ['🏙️']],
      },
    )
  })

  it('may begin with fields that are left out', () => {
    const record = jsonSerde(t.record('R', { a: t.optional(t.int), b: t.optional(t.list(t.optional(t.int))) }))
    expect(encode(record, { a: undefined, b: undefined }).toString()).toBe('{}')
    expect(encode(record, { a: undefined, b: [1, undefined] }).toString()).toBe('{"b":[1,null]}')
  })

  it('of windows have key and start', () => {
    const window = jsonSerde(windowed(t.string, { size: () => 10 }))
    expect(encode(window, { key: 'a', start: 5, end: 15 }).toString()).toBe('{"key":"a","start":5}')
    expect(decode(window, Buffer.from('{"key":"a","start":5}'))).toEqual({ key: 'a', start: 5, end: 15 })
    const result = jsonSerde(windowResult(t.int))
    expect(decode(result, Buffer.from('{"value":1,"status":"final","revision":2}')).status).toBe('final')
  })
})

describe('bad JSON is refused', () => {
  it.each([
    ['nothing', Buffer.alloc(0)],
    ['no JSON', Buffer.from('{"id":')],
    ['invalid UTF-8', Buffer.concat([json({}).subarray(0, 7), Buffer.from([0xff]), json({}).subarray(7)])],
    ['a missing field', json({ id: undefined })],
    ['null', Buffer.from('null')],
    ['a list for a record', Buffer.from('[]')],
    ['a number for text', json({ id: 1 })],
    ['a lone surrogate', Buffer.from(JSON.stringify({ ...plain, id: '\ud800' }))],
    ['text for an instant', json({ openedAt: '2026-01-01' })],
    ['an instant beyond 2^53', json({ openedAt: 2 ** 53 })],
    ['a value that is none of the given', json({ status: 'new' })],
    ['no base64', json({ photo: 'A' })],
    ['null for a double', json({ latitude: null })],
    ['a list for a map', json({ counts: [1] })],
    ['a fraction for an int', json({ counts: { a: 0.5 } })],
  ])('%s', (_, bytes) => {
    expect(codeOf(() => decode(serde, bytes))).toBe('decode')
  })

  it('also a field that only the prototype has', () => {
    const record = jsonSerde(t.record('R', { constructor: t.optional(t.string) }))
    expect(decode(record, Buffer.from('{}')).constructor).toBeUndefined()
  })

  it('when written: what JSON has no word for', () => {
    const request = decode(serde, json({}))
    expect(codeOf(() => encode(serde, new Request({ ...request, latitude: Number.NaN })))).toBe('encode')
  })
})
