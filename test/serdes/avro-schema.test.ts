import { describe, expect, it } from 'vitest'
import { incompatibilities } from '../../serdes/avro/compatibility.ts'
import { avroSchema, avroSchemaText } from '../../serdes/avro-schema.ts'
import { t } from '../../serdes/schema.ts'
import { windowed, windowResult } from '../../serdes/windowed.ts'

class Request extends t.record('Request', {
  id: t.id('RequestId'),
  openedAt: t.instant,
  status: t.oneOf('open', 'closed'),
  source: t.oneOf('web', 'by phone'),
  note: t.optional(t.string),
  tags: t.list(t.string),
  counts: t.map(t.long),
  version: t.tuple(t.instant, t.string),
}) {}
class Located extends t.extend('Located', Request, { previous: t.optional(Request) }) {}
class Volume extends t.record('Volume', { opened: t.int }) {}

describe('the Avro schema', () => {
  it('says all that readers in other languages need', () => {
    expect(avroSchema(Request, { namespace: 'sf311', doc: 'A request.' })).toEqual({
      type: 'record',
      name: 'Request',
      namespace: 'sf311',
      doc: 'A request.',
      fields: [
        { name: 'id', type: 'string' },
        { name: 'openedAt', type: { type: 'long', logicalType: 'timestamp-millis' } },
        { name: 'status', type: { type: 'enum', name: 'Request_status', symbols: ['open', 'closed'] } },
        { name: 'source', type: 'string' },
        { name: 'note', type: ['null', 'string'], default: null },
        { name: 'tags', type: { type: 'array', items: 'string' } },
        { name: 'counts', type: { type: 'map', values: 'long' } },
        {
          name: 'version',
          type: {
            type: 'record',
            name: 'Request_version',
            fields: [
              { name: '_0', type: { type: 'long', logicalType: 'timestamp-millis' } },
              { name: '_1', type: 'string' },
            ],
          },
        },
      ],
    })
  })

  it('defines what an extension inherits once, also when the base stands inside it', () => {
    const text = avroSchemaText(Located)
    expect(text.match(/"name":"Request_status"/g)).toHaveLength(1)
    expect(incompatibilities({ reader: text, writer: text })).toEqual([])
  })

  it('of a window result nests the value', () => {
    expect(avroSchema(windowResult(Volume))).toMatchObject({
      name: 'VolumeResult',
      fields: [
        { name: 'value', type: { name: 'Volume' } },
        { name: 'status', type: { name: 'WindowStatus', symbols: ['provisional', 'final', 'corrected'] } },
        { name: 'revision', type: 'int' },
      ],
    })
  })

  it('of a windowed key has the start, from which the end follows', () => {
    expect(avroSchema(windowed(t.string))).toMatchObject({
      name: 'Windowed',
      fields: [{ name: 'key' }, { name: 'start' }],
    })
  })

  it('is refused when two different types have one name', () => {
    class Other extends t.record('Volume', { closed: t.int }) {}
    expect(() => avroSchema(t.record('Both', { a: Volume, b: Other }))).toThrow('called Volume')
  })

  it('of text is a word', () => {
    expect(avroSchemaText(t.string)).toBe('"string"')
  })
})

describe('names that Avro or JavaScript cannot have are refused', () => {
  it.each(['__proto__', 'with space', '1st', '', 'naïve'])('field %s', (field) => {
    expect(() => t.record('R', Object.fromEntries([[field, t.int]]))).toThrow('cannot name a field')
  })
  it('record', () => {
    expect(() => t.record('a b', { a: t.int })).toThrow('cannot name a record')
  })
})
