import { describe, expect, it } from 'vitest'
import { ByteWriter } from '../../core/byte-writer.ts'
import { binarySerde } from '../../serdes/binary-serde.ts'
import { Encoded } from '../../serdes/encoded.ts'
import { extendedSerde } from '../../serdes/extended-serde.ts'
import { t } from '../../serdes/schema.ts'
import { codeOf, encode } from './encoding.ts'

class Request extends t.record('Request', { id: t.string, note: t.optional(t.string) }) {}
class Located extends t.extend('Located', Request, { neighborhood: t.string, wards: t.list(t.int) }) {}
class Counted extends t.extend('Counted', Located, { soFar: t.optional(t.int) }) {}

const request = new Request({ id: '101', note: 'pothole' })
const place = { neighborhood: 'Noe Valley', wards: [8, 9] }

describe('writing an extension', () => {
  it('gives the same bytes as writing the whole record', () => {
    const base = encode(binarySerde(Request), request)
    const to = new ByteWriter(1)
    extendedSerde(Located).writeExtension(base, 0, base.length, place, to)
    expect(to.copy()).toEqual(encode(binarySerde(Located), new Located({ ...request, ...place })))
  })

  it('works on an extension of an extension', () => {
    const base = encode(binarySerde(Located), new Located({ ...request, ...place }))
    const to = new ByteWriter(1)
    extendedSerde(Counted).writeExtension(base, 0, base.length, { soFar: 3 }, to)
    expect(new Encoded(binarySerde(Counted), to.copy()).decode()).toEqual({ ...request, ...place, soFar: 3 })
  })

  it('leaves nothing behind when a new field does not fit', () => {
    const to = new ByteWriter(1)
    // What arrives from code that is not type-checked.
    const wrong = Object.assign({ ...place }, { neighborhood: undefined })
    const write = () => extendedSerde(Located).writeExtension(Buffer.from([2, 65, 0]), 0, 3, wrong, to)
    expect(codeOf(write)).toBe('encode')
    expect(to.position).toBe(0)
  })

  it('is refused for a field the base has', () => {
    expect(() => t.extend('Twice', Request, { note: t.string })).toThrow('the field note is declared twice')
  })
})
