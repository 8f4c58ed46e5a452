// Compiles readers: straight-line code from the bytes of a writer's layout to the values of our schema, skipping what the schema leaves out.
// One function for each pair of them. It may look past the end of a value, never use what is there: every length is bounded and the end must match.
import { never } from '../../core/assert.ts'
import type { RecordDescription, SchemaDescription } from '../schema-description.ts'
import { Source } from '../source.ts'
import { incompatible } from './incompatible.ts'
import { readBoolean, readDouble, readOneOf, readSized, readWhole, skipSized, skipWhole } from './primitive-readers.ts'
import * as reading from './reading.ts'
import type { WireType } from './wire-type.ts'

export type Read<T> = (buffer: Buffer, start: number, end: number) => T

/** @throws BadRecord `schema_incompatible` when no value of this layout can become one of the schema. */
export function compileReader<T>(wire: WireType, schema: SchemaDescription, name: string): Read<T> {
  const source = new Source()
  const value = readValue(source, wire, schema, name)
  source.add(
    `if (p !== end) refuse(${source.constant(name)}, p > end ? 'the bytes end too early' : 'bytes are left over')`,
    `return ${value}`,
  )
  return source.compile('buffer, p, end', reading)
}

/** Adds the code that reads one value; returns the variable that holds it. */
function readValue(source: Source, wire: WireType, schema: SchemaDescription, place: string): string {
  if (wire.kind === 'union') return readUnion(source, wire.branches, schema, place)
  switch (schema.kind) {
    case 'int':
    case 'long':
    case 'instant':
      return readWhole(source, wire, schema.kind, place)
    case 'double':
      return readDouble(source, wire, place)
    case 'boolean':
      return readBoolean(source, wire, place)
    case 'bytes':
    case 'string':
    case 'id':
      return readSized(source, wire, schema.kind, place)
    case 'one of':
      return readOneOf(source, wire, schema.values, place)
    case 'list':
      return readList(source, wire, schema.items, place)
    case 'map':
      return readMap(source, wire, schema.values, place)
    case 'tuple':
      return readTuple(source, wire, schema.items, place)
    case 'record':
      return readRecord(source, wire, schema, place)
    case 'windowed':
      return readRecord(source, wire, schema.window, place)
    case 'optional':
      return wire.kind === 'null' ? 'undefined' : readValue(source, wire, schema.of, place)
    default:
      return never(schema)
  }
}

function readUnion(source: Source, branches: readonly WireType[], schema: SchemaDescription, place: string): string {
  const value = source.name('union')
  const branch = source.name('branch')
  if (branches.length > 64) incompatible(place, { kind: 'union', branches }, 'a union of at most 64 branches')
  source.add(`let ${value}`, `const ${branch} = buffer[p++]`)
  for (const [index, wire] of branches.entries()) {
    source.add(`${index === 0 ? '' : '} else '}if (${branch} === ${index * 2}) {`)
    source.add(`${value} = ${readValue(source, wire, schema, place)}`)
  }
  source.add(`} else refuse(${source.constant(place)}, 'no such branch of a union')`)
  return value
}

function readList(source: Source, wire: WireType, items: SchemaDescription, place: string): string {
  if (wire.kind !== 'array') return incompatible(place, wire, 'a list')
  const list = source.name('list')
  source.add(`const ${list} = []`)
  eachItem(source, place, () => source.add(`${list}.push(${readValue(source, wire.items, items, `${place}[]`)})`))
  return list
}

function readMap(source: Source, wire: WireType, values: SchemaDescription, place: string): string {
  if (wire.kind !== 'map') return incompatible(place, wire, 'a map')
  const map = source.name('map')
  source.add(`const ${map} = Object.create(null)`)
  eachItem(source, place, () => {
    const key = readSized(source, { kind: 'string' }, 'string', `${place}{key}`)
    source.add(`${map}[${key}] = ${readValue(source, wire.values, values, `${place}{}`)}`)
  })
  return map
}

/** A block's count is bounded by the bytes left, since each item takes at least one. */
function eachItem(source: Source, place: string, addItem: () => void): void {
  const count = source.name('count')
  source.add(
    'for (;;) {',
    `let ${count} = blockAt(buffer, p, end, ${source.constant(place)})`,
    'p = cursor.position',
    `if (${count} === 0) break`,
    `while (${count}-- > 0) {`,
  )
  addItem()
  source.add('}', '}')
}

function readTuple(source: Source, wire: WireType, items: readonly SchemaDescription[], place: string): string {
  const fields = items.map((schema, index) => ({ name: `_${index}`, schema }))
  return `[${readFields(source, wire, fields, place).join(', ')}]`
}

function readRecord(source: Source, wire: WireType, schema: RecordDescription, place: string): string {
  const values = readFields(source, wire, schema.fields, place)
  const literal = schema.fields.map(({ name }, index) => `${name}: ${values[index]}`)
  const record = source.name('record')
  source.add(`const ${record} = new ${source.constant(schema.create)}({ ${literal.join(', ')} })`)
  return record
}

/** Reads in the order of the bytes; returns variables in the order of the schema. */
function readFields(source: Source, wire: WireType, fields: RecordDescription['fields'], place: string): string[] {
  if (wire.kind !== 'record') return incompatible(place, wire, 'a record')
  const variables = new Map<string, string>()
  for (const { name, type } of wire.fields) {
    const field = fields.find((other) => other.name === name)
    if (field === undefined) skipValue(source, type, `${place}.${name}`)
    else variables.set(name, readValue(source, type, field.schema, `${place}.${name}`))
  }
  return fields.map(({ name, schema }) => {
    const variable = variables.get(name)
    if (variable !== undefined) return variable
    return schema.kind === 'optional' ? 'undefined' : incompatible(`${place}.${name}`, { kind: 'null' }, schema.kind)
  })
}

/** Adds the code that steps over one value. */
function skipValue(source: Source, wire: WireType, place: string): void {
  if (wire.kind === 'int' || wire.kind === 'long' || wire.kind === 'enum') skipWhole(source)
  else if (wire.kind === 'bytes' || wire.kind === 'string') skipSized(source, place)
  else if (wire.kind === 'array') eachItem(source, place, () => skipValue(source, wire.items, place))
  else if (wire.kind === 'map') eachItem(source, place, () => skipEntry(source, wire.values, place))
  else if (wire.kind === 'union') skipUnion(source, wire.branches, place)
  else if (wire.kind === 'record') for (const { type } of wire.fields) skipValue(source, type, place)
  else source.add(`p += ${wire.kind === 'fixed' ? wire.size : fixedSizes[wire.kind]}`)
}

const fixedSizes = { null: 0, boolean: 1, float: 4, double: 8 } as const

function skipEntry(source: Source, values: WireType, place: string): void {
  skipSized(source, place)
  skipValue(source, values, place)
}

function skipUnion(source: Source, branches: readonly WireType[], place: string): void {
  const branch = source.name('branch')
  source.add(`const ${branch} = buffer[p++]`)
  for (const [index, wire] of branches.entries()) {
    source.add(`${index === 0 ? '' : '} else '}if (${branch} === ${index * 2}) {`)
    skipValue(source, wire, place)
  }
  source.add(`} else refuse(${source.constant(place)}, 'no such branch of a union')`)
}
