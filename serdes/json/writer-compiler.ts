// Compiles what turns values of a schema into JSON text, each part checked. Optional fields without a value are left out.
import type { FieldDescription, SchemaDescription } from '../schema-description.ts'
import { Source } from '../source.ts'
import * as checking from './checking.ts'
import { scalarCondition } from './conditions.ts'

/** @throws BadRecord `encode`; what JSON has no word for (NaN, Infinity) is refused. */
export type ToJson<T> = (value: T) => string

export function compileToJson<T>(schema: SchemaDescription, name: string): ToJson<T> {
  const source = new Source()
  source.add(`let json = ''`)
  write(source, schema, 'value', name)
  source.add('return json')
  return source.compile('value', checking)
}

/** Adds the code that appends what the expression `value` stands for to `json`. */
function write(source: Source, schema: SchemaDescription, value: string, place: string): void {
  switch (schema.kind) {
    case 'optional':
      source.add(`if (${value} === undefined) json += 'null'`, 'else {')
      write(source, schema.of, value, place)
      source.add('}')
      break
    case 'bytes':
      refuseUnless(source, `isBytes(${value})`, 'bytes', value, place)
      source.add(`json += '"' + base64Of(${value}) + '"'`)
      break
    case 'list':
      refuseUnless(source, `Array.isArray(${value})`, 'a list', value, place)
      writeList(source, schema.items, value, place)
      break
    case 'map':
      refuseUnless(source, `isObject(${value})`, 'a map', value, place)
      writeMap(source, schema.values, value, place)
      break
    case 'tuple':
      refuseUnless(
        source,
        `Array.isArray(${value}) && ${value}.length === ${schema.items.length}`,
        'a tuple',
        value,
        place,
      )
      for (const [index, item] of schema.items.entries()) {
        source.add(`json += '${index === 0 ? '[' : ','}'`)
        writePart(source, item, `${value}[${index}]`, `${place}[${index}]`)
      }
      source.add(`json += ']'`)
      break
    case 'record':
      writeRecord(source, schema.fields, value, place)
      break
    case 'windowed':
      writeRecord(source, schema.window.fields, value, place)
      break
    default:
      refuseUnless(source, scalarCondition(source, schema, value), schema.kind, value, place)
      source.add(isText(schema) ? `json += quoted(${value}, ${source.constant(place)})` : `json += ${value}`)
  }
}

function isText({ kind }: SchemaDescription): boolean {
  return kind === 'string' || kind === 'id' || kind === 'one of'
}

function refuseUnless(source: Source, condition: string, wanted: string, value: string, place: string): void {
  source.add(`if (!(${condition})) refuse('encode', ${source.constant(place)}, ${source.constant(wanted)}, ${value})`)
}

/** A part of an object or list, looked up once. */
function writePart(source: Source, schema: SchemaDescription, value: string, place: string): void {
  const part = source.name('part')
  source.add(`const ${part} = ${value}`)
  write(source, schema, part, place)
}

function writeList(source: Source, items: SchemaDescription, value: string, place: string): void {
  const index = source.name('i')
  source.add(`json += '['`, `for (let ${index} = 0; ${index} < ${value}.length; ${index}++) {`)
  source.add(`if (${index} > 0) json += ','`)
  writePart(source, items, `${value}[${index}]`, `${place}[]`)
  source.add('}', `json += ']'`)
}

function writeMap(source: Source, values: SchemaDescription, value: string, place: string): void {
  const [separator, key] = [source.name('separator'), source.name('key')]
  source.add(`let ${separator} = '{'`, `for (const ${key} of Object.keys(${value})) {`)
  source.add(`json += ${separator} + quoted(${key}, ${source.constant(place)}) + ':'`, `${separator} = ','`)
  writePart(source, values, `${value}[${key}]`, `${place}{}`)
  source.add('}', `json += ${separator} === '{' ? '{}' : '}'`)
}

function writeRecord(source: Source, fields: readonly FieldDescription[], value: string, place: string): void {
  refuseUnless(source, `isObject(${value})`, 'a record', value, place)
  const separator = source.name('separator')
  source.add(`let ${separator} = '{'`)
  for (const { name, schema } of fields) {
    const field = source.name('field')
    source.add(`const ${field} = ${value}.${name}`, schema.kind === 'optional' ? `if (${field} !== undefined) {` : '{')
    source.add(`json += ${separator} + '"${name}":'`, `${separator} = ','`)
    write(source, schema.kind === 'optional' ? schema.of : schema, field, `${place}.${name}`)
    source.add('}')
  }
  source.add(`json += ${separator} === '{' ? '{}' : '}'`)
}
