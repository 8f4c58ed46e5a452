// Values of a schema as what JSON can hold, and back, each part checked.
import { never } from '../core/assert.ts'
import { BadRecord } from '../core/errors.ts'
import type { RecordDescription, SchemaDescription } from './schema-description.ts'
import { shown } from './shown.ts'
import { isUnicode } from './unicode.ts'

type Direction = 'encode' | 'decode'
type Convert = (schema: SchemaDescription, value: unknown, place: string) => unknown
type JsonObject = Readonly<Record<string, unknown>>

const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

/** @throws BadRecord `encode`; what JSON has no word for (NaN, Infinity) is refused. */
export function toJson(schema: SchemaDescription, value: unknown, place: string): unknown {
  switch (schema.kind) {
    case 'optional':
      return value === undefined ? undefined : toJson(schema.of, value, place)
    case 'bytes':
      return Buffer.isBuffer(value) ? value.toString('base64') : refuse('encode', place, 'bytes', value)
    case 'record':
      return record(schema, value, place, 'encode', toJson)
    case 'windowed':
      return toJson(schema.window, value, place)
    default:
      return convert(schema, value, place, 'encode', toJson)
  }
}

/** @throws BadRecord `decode`. */
export function fromJson(schema: SchemaDescription, json: unknown, place: string): unknown {
  switch (schema.kind) {
    case 'optional':
      return json === undefined || json === null ? undefined : fromJson(schema.of, json, place)
    case 'bytes':
      if (typeof json !== 'string' || !base64.test(json)) return refuse('decode', place, 'base64', json)
      return Buffer.from(json, 'base64')
    case 'record':
      // Each field was just read as its schema says.
      return new schema.create(record(schema, json, place, 'decode', fromJson) as never)
    case 'windowed':
      return fromJson(schema.window, json, place)
    default:
      return convert(schema, json, place, 'decode', fromJson)
  }
}

type Plain = Exclude<SchemaDescription, { readonly kind: 'optional' | 'bytes' | 'record' | 'windowed' }>

/** What looks the same on both sides. */
function convert(schema: Plain, value: unknown, place: string, direction: Direction, part: Convert): unknown {
  switch (schema.kind) {
    case 'list':
      if (!Array.isArray(value)) return refuse(direction, place, 'a list', value)
      return value.map((item) => part(schema.items, item, `${place}[]`))
    case 'tuple':
      if (!Array.isArray(value) || value.length !== schema.items.length)
        return refuse(direction, place, 'a tuple', value)
      return schema.items.map((item, index) => part(item, value[index], `${place}[${index}]`))
    case 'map':
      return map(schema.values, value, place, direction, part)
    default:
      return isScalar(schema, value) ? value : refuse(direction, place, schema.kind, value)
  }
}

type Scalar = Exclude<Plain, { readonly kind: 'list' | 'tuple' | 'map' }>

function isScalar(schema: Scalar, value: unknown): boolean {
  switch (schema.kind) {
    case 'string':
    case 'id':
      return typeof value === 'string' && isUnicode(value)
    case 'one of':
      return typeof value === 'string' && schema.values.includes(value)
    case 'int':
      return typeof value === 'number' && (value | 0) === value
    case 'long':
    case 'instant':
      return Number.isSafeInteger(value)
    case 'double':
      return Number.isFinite(value)
    case 'boolean':
      return typeof value === 'boolean'
    default:
      return never(schema)
  }
}

function map(
  values: SchemaDescription,
  value: unknown,
  place: string,
  direction: Direction,
  part: Convert,
): JsonObject {
  if (!isObject(value)) return refuse(direction, place, 'a map', value)
  const map: Record<string, unknown> = Object.create(null)
  for (const key of Object.keys(value)) {
    if (!isUnicode(key)) refuse(direction, place, 'Unicode keys', key)
    map[key] = part(values, value[key], `${place}{}`)
  }
  return map
}

function record(
  schema: RecordDescription,
  value: unknown,
  place: string,
  direction: Direction,
  part: Convert,
): JsonObject {
  if (!isObject(value)) return refuse(direction, place, 'a record', value)
  const fields: Record<string, unknown> = {}
  for (const field of schema.fields) {
    // Own fields only: a field called `constructor` is absent unless somebody wrote it.
    const given = Object.hasOwn(value, field.name) ? value[field.name] : undefined
    fields[field.name] = part(field.schema, given, `${place}.${field.name}`)
  }
  return fields
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function refuse(direction: Direction, place: string, wanted: string, value: unknown): never {
  throw new BadRecord(direction, `${place}: expected ${wanted}, not ${shown(value)}`)
}
