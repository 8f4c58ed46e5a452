import avro from 'avsc'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { incompatibilities } from '../../serdes/avro/compatibility.ts'
import { type AvroJson, avroSchemaText } from '../../serdes/avro-schema.ts'
import { parseWireType } from '../../serdes/binary/parse-wire-type.ts'
import { compileReader } from '../../serdes/binary/reader-compiler.ts'
import { type Schema, t } from '../../serdes/schema.ts'
import { anySample } from './arbitrary-schema.ts'
import { codeOf, decode } from './encoding.ts'

class Ward extends t.record('Ward', { number: t.long, name: t.optional(t.string), area: t.double }) {}

/** Reads as `schema` what avsc writes as `writer`. */
function readAs<T>(schema: Schema<T>, writer: AvroJson, value: unknown): T {
  const text = JSON.stringify(writer)
  const read = compileReader<T>(parseWireType(text), schema.description, 'value')
  return decode({ read }, avro.Type.forSchema(JSON.parse(text)).toBuffer(value))
}

function writer(...fields: readonly AvroJson[]): AvroJson {
  return { type: 'record', name: 'Ward', fields }
}
const number = { name: 'number', type: 'long' }
const name = { name: 'name', type: ['null', 'string'] }
const area = { name: 'area', type: 'double' }

describe('reading what another version of the schema wrote', () => {
  it('skips fields of every kind that we do not have', () => {
    const skipped: readonly [AvroJson, unknown][] = [
      ['null', null],
      ['boolean', true],
      ['int', -70_000],
      ['long', 2 ** 50],
      ['float', 1.5],
      ['double', 2.5],
      ['bytes', Buffer.alloc(300)],
      ['string', 'é'.repeat(100)],
      [{ type: 'fixed', name: 'F', size: 3 }, Buffer.alloc(3)],
      [{ type: 'enum', name: 'E', symbols: ['A', 'B'] }, 'B'],
      [{ type: 'array', items: { type: 'array', items: 'int' } }, [[1], [], [2, 3]]],
      [
        { type: 'map', values: 'string' },
        { a: 'b', c: 'd' },
      ],
      [['null', 'int', 'string'], 'text'],
      [{ type: 'record', name: 'Inner', fields: [{ name: 'a', type: 'string' }] }, { a: 'x' }],
    ]
    for (const [type, value] of skipped) {
      const written = { number: 8, other: value, name: null, area: 1 }
      const ward = readAs(Ward, writer(number, { name: 'other', type }, name, area), written)
      expect(ward).toEqual({ number: 8, name: undefined, area: 1 })
    }
  })

  it('finds fields in any order', () => {
    expect(readAs(Ward, writer(area, name, number), { number: 8, name: 'Castro', area: 2 })).toEqual(
      new Ward({ number: 8, name: 'Castro', area: 2 }),
    )
  })

  it('leaves an optional field undefined that was not there yet', () => {
    expect(readAs(Ward, writer(number, area), { number: 8, area: 2 }).name).toBeUndefined()
  })

  it('takes narrower numbers, bytes for text, and a plain value or another union where ours is optional', () => {
    const narrow = writer(
      { name: 'number', type: 'int' },
      { name: 'name', type: 'bytes' },
      { name: 'area', type: 'float' },
    )
    expect(readAs(Ward, narrow, { number: 8, name: Buffer.from('Noe'), area: 0.5 })).toEqual({
      number: 8,
      name: 'Noe',
      area: 0.5,
    })
    const nullLast = writer(number, { name: 'name', type: ['string', 'null'] }, area)
    expect(readAs(Ward, nullLast, { number: 8, name: null, area: 1 }).name).toBeUndefined()
    expect(readAs(Ward, nullLast, { number: 8, name: 'Noe', area: 1 }).name).toBe('Noe')
  })

  it('reads an enum whose symbols stand in another order', () => {
    const status = t.oneOf('open', 'closed')
    expect(readAs(status, { type: 'enum', name: 'S', symbols: ['closed', 'open'] }, 'open')).toBe('open')
  })

  it('knows names with and without namespace', () => {
    const point = { type: 'record', name: 'Point', fields: [{ name: 'x', type: 'double' }] }
    const schema = t.record('Line', {
      from: t.record('Point', { x: t.double }),
      to: t.record('Point', { x: t.double }),
    })
    const fields = [
      { name: 'from', type: point },
      { name: 'to', type: 'geo.Point' },
    ]
    const line = { type: 'record', name: 'Line', namespace: 'geo', fields }
    expect(readAs(schema, line, { from: { x: 1 }, to: { x: 2 } })).toEqual({ from: { x: 1 }, to: { x: 2 } })
  })

  it('reads the same as avsc’s resolver, whichever fields come, go and become optional', () => {
    fc.assert(
      fc.property(
        anySample,
        fc.array(fc.constantFrom('keep', 'drop', 'add'), { minLength: 6, maxLength: 6 }),
        (sample, edits) => {
          const { description } = sample.schema
          if (description.kind !== 'record') return
          const fields = description.fields.flatMap(({ name, schema }, index) => {
            const kept = [name, { description: schema }] as const
            const added = [`new${index}`, t.optional(t.string)] as const
            return edits[index] === 'drop' ? [] : edits[index] === 'add' ? [added, kept] : [kept]
          })
          // Only the description counts here; the phantom type of a schema is the compiler's.
          const Reader = t.record('R', Object.fromEntries(fields) as Record<string, Schema<unknown>>)
          const writerText = avroSchemaText(sample.schema)
          expect(incompatibilities({ reader: avroSchemaText(Reader), writer: writerText })).toEqual([])
          const read = compileReader(parseWireType(writerText), Reader.description, 'R')
          const bytes = avro.Type.forSchema(JSON.parse(writerText)).toBuffer(sample.asAvsc)
          const readerType = avro.Type.forSchema(JSON.parse(avroSchemaText(Reader)))
          const resolver = readerType.createResolver(avro.Type.forSchema(JSON.parse(writerText)))
          const expected = readerType.toBuffer(readerType.fromBuffer(bytes, resolver))
          const own = compileReader(parseWireType(avroSchemaText(Reader)), Reader.description, 'R')
          expect(decode({ read }, bytes)).toEqual(decode({ read: own }, expected))
        },
      ),
      { numRuns: 200 },
    )
  })
})

describe('what cannot be read is said', () => {
  it.each<[string, AvroJson]>([
    ['a missing required field', writer(number, name)],
    ['another type', writer({ name: 'number', type: 'string' }, name, area)],
    ['a type that contains itself', writer(number, area, { name: 'next', type: ['null', 'Ward'] })],
    ['null where we need a value', writer({ name: 'number', type: ['null', 'long'] }, name, area)],
    ['no record', 'string'],
    ['no schema', { type: 'word' }],
  ])('%s', (_, text) => {
    const compile = () => compileReader(parseWireType(JSON.stringify(text)), Ward.description, 'Ward')
    expect(codeOf(compile)).toBe('schema_incompatible')
  })

  it('a renamed field is one that is missing', () => {
    class Renamed extends t.record('Ward', { id: t.long, name: t.optional(t.string), area: t.double }) {}
    const problems = incompatibilities({ reader: avroSchemaText(Renamed), writer: avroSchemaText(Ward) })
    expect(problems).toEqual(['Ward.id is new and has no default'])
  })

  it('in nested records, by their path', () => {
    const city = (ward: Schema<unknown>) => avroSchemaText(t.record('City', { wards: t.list(t.int), ward }))
    class Changed extends t.record('Ward', { number: t.string, area: t.double, mayor: t.string }) {}
    const problems = incompatibilities({ reader: city(Changed), writer: city(Ward) })
    expect(problems).toHaveLength(2)
    expect(problems.join()).toMatch(/City\.ward\.number.*City\.ward\.mayor is new/)
  })
})
