// Compiles what turns parsed JSON into values of a schema, each part checked.
import type { FieldDescription, RecordDescription, SchemaDescription } from '../schema-description.ts'
import { Source } from '../source.ts'
import * as checking from './checking.ts'
import { scalarCondition } from './conditions.ts'

/** @throws BadRecord `decode`. */
export type FromJson<T> = (json: unknown) => T

export function compileFromJson<T>(schema: SchemaDescription, name: string): FromJson<T> {
  const source = new Source()
  const value = read(source, schema, 'json', name)
  source.add(`return ${value}`)
  return source.compile('json', checking)
}

/** Adds the code that checks the expression `json`; returns the variable that holds the value. */
function read(source: Source, schema: SchemaDescription, json: string, place: string): string {
  switch (schema.kind) {
    case 'optional':
      return readOptional(source, schema.of, json, place)
    case 'bytes':
      refuseUnless(source, `isBase64(${json})`, 'base64', json, place)
      return `bytesOf(${json})`
    case 'list':
      refuseUnless(source, `Array.isArray(${json})`, 'a list', json, place)
      return readList(source, schema.items, json, place)
    case 'map':
      refuseUnless(source, `isObject(${json})`, 'a map', json, place)
      return readMap(source, schema.values, json, place)
    case 'tuple':
      refuseUnless(
        source,
        `Array.isArray(${json}) && ${json}.length === ${schema.items.length}`,
        'a tuple',
        json,
        place,
      )
      return `[${schema.items.map((item, index) => readPart(source, item, `${json}[${index}]`, `${place}[${index}]`)).join(', ')}]`
    case 'record':
      return readRecord(source, schema, json, place)
    case 'windowed':
      return readRecord(source, schema.window, json, place)
    case 'string':
    case 'id':
      refuseUnless(source, `${scalarCondition(source, schema, json)} && isUnicode(${json})`, 'text', json, place)
      return json
    default:
      refuseUnless(source, scalarCondition(source, schema, json), schema.kind, json, place)
      return json
  }
}

function refuseUnless(source: Source, condition: string, wanted: string, json: string, place: string): void {
  source.add(`if (!(${condition})) refuse('decode', ${source.constant(place)}, ${source.constant(wanted)}, ${json})`)
}

/** A part of an object or list, looked up once. */
function readPart(source: Source, schema: SchemaDescription, json: string, place: string): string {
  const part = source.name('part')
  source.add(`const ${part} = ${json}`)
  return read(source, schema, part, place)
}

function readOptional(source: Source, schema: SchemaDescription, json: string, place: string): string {
  const value = source.name('optional')
  source.add(`let ${value}`, `if (${json} !== undefined && ${json} !== null) {`)
  source.add(`${value} = ${read(source, schema, json, place)}`, '}')
  return value
}

function readList(source: Source, items: SchemaDescription, json: string, place: string): string {
  const [list, item] = [source.name('list'), source.name('item')]
  source.add(`const ${list} = []`, `for (const ${item} of ${json}) {`)
  source.add(`${list}.push(${read(source, items, item, `${place}[]`)})`, '}')
  return list
}

function readMap(source: Source, values: SchemaDescription, json: string, place: string): string {
  const [map, key] = [source.name('map'), source.name('key')]
  source.add(`const ${map} = Object.create(null)`, `for (const ${key} of Object.keys(${json})) {`)
  refuseUnless(source, `isUnicode(${key})`, 'Unicode keys', key, place)
  source.add(`${map}[${key}] = ${readPart(source, values, `${json}[${key}]`, `${place}{}`)}`, '}')
  return map
}

function readRecord(source: Source, schema: RecordDescription, json: string, place: string): string {
  refuseUnless(source, `isObject(${json})`, 'a record', json, place)
  const parts = schema.fields.map((field) => `${field.name}: ${readField(source, field, json, place)}`)
  const record = source.name('record')
  source.add(`const ${record} = new ${source.constant(schema.create)}({ ${parts.join(', ')} })`)
  return record
}

/** Every object inherits a `constructor` and the like, which nobody wrote. */
function readField(source: Source, { name, schema }: FieldDescription, json: string, place: string): string {
  const own =
    name in Object.prototype ? `Object.hasOwn(${json}, '${name}') ? ${json}.${name} : undefined` : `${json}.${name}`
  return readPart(source, schema, own, `${place}.${name}`)
}
