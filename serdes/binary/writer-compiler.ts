// Compiles writers: straight-line code from values of a schema to Avro's bytes, checking types as it goes.
// The position is a local variable and the writer's own moves only at the end, so that a refused value leaves nothing behind.
import { never } from '../../core/assert.ts'
import type { ByteWriter } from '../../core/byte-writer.ts'
import { type FieldDescription, isEnum, type OneOfDescription, type SchemaDescription } from '../schema-description.ts'
import { Source } from '../source.ts'
import * as writing from './writing.ts'

export type Write<T> = (value: T, to: ByteWriter) => void

export function compileWriter<T>(schema: SchemaDescription, name: string): Write<T> {
  return compile(fixedBytesMax(schema), (writer) => writer.value(schema, 'value', name))
}

/** Writes the given fields one behind the other, which is a record without those before. */
export function compileFieldsWriter<T>(fields: readonly FieldDescription[], name: string): Write<T> {
  return compile(fieldsBytesMax(fields), (writer) => writer.fields(fields, 'value', name))
}

function compile<T>(roomMax: number, add: (writer: WriterCompiler) => void): Write<T> {
  const source = new Source()
  const writer = new WriterCompiler(source, roomMax)
  source.add('let buffer = to.buffer, limit = buffer.length, p = to.position')
  writer.makeRoom()
  add(writer)
  source.add('to.position = p')
  return source.compile('value, to', writing)
}

class WriterCompiler {
  private readonly source: Source
  /** Enough for everything of a fixed size that can follow before room is made again. */
  private readonly roomMax: number

  constructor(source: Source, roomMax: number) {
    this.source = source
    this.roomMax = roomMax
  }

  /** Makes room for `extra` bytes and the parts of a fixed size behind them. */
  makeRoom(extra = '0'): void {
    const room = `${extra} + ${this.roomMax}`
    this.source.add(`if (p + ${room} > limit) { buffer = to.grow(p, ${room}); limit = buffer.length }`)
  }

  /** Adds the code that writes what the expression `value` stands for. */
  value(schema: SchemaDescription, value: string, place: string): void {
    switch (schema.kind) {
      case 'int':
        this.put('putInt', value, place)
        break
      case 'long':
      case 'instant':
        this.put('putWhole', value, place)
        break
      case 'double':
        this.put('putDouble', value, place)
        break
      case 'boolean':
        this.put('putBoolean', value, place)
        break
      case 'string':
      case 'id':
        this.text(value, place)
        break
      case 'bytes':
        this.bytes(value, place)
        break
      case 'one of':
        this.oneOf(schema, value, place)
        break
      case 'optional':
        this.optional(schema.of, value, place)
        break
      case 'list':
        this.list(schema.items, value, place)
        break
      case 'map':
        this.map(schema.values, value, place)
        break
      case 'tuple':
        this.tuple(schema.items, value, place)
        break
      case 'record':
        this.record(schema.fields, value, place)
        break
      case 'windowed':
        this.record(schema.window.fields, value, place)
        break
      default:
        never(schema)
    }
  }

  fields(fields: readonly FieldDescription[], value: string, place: string): void {
    for (const { name, schema } of fields) {
      const field = this.source.name('field')
      this.source.add(`const ${field} = ${value}.${name}`)
      this.value(schema, field, `${place}.${name}`)
    }
  }

  private put(helper: string, value: string, place: string): void {
    this.source.add(`p = ${helper}(buffer, p, ${value}, ${this.source.constant(place)})`)
  }

  private refuseUnless(condition: string, wanted: string, value: string, place: string): void {
    const { source } = this
    source.add(`if (!(${condition})) mistyped(${source.constant(place)}, ${source.constant(wanted)}, ${value})`)
  }

  private text(value: string, place: string): void {
    this.refuseUnless(`typeof ${value} === 'string'`, 'text', value, place)
    this.makeRoom(`3 * ${value}.length`)
    this.put('putText', value, place)
  }

  private bytes(value: string, place: string): void {
    this.refuseUnless(`${value} instanceof Uint8Array`, 'bytes', value, place)
    this.makeRoom(`${value}.length`)
    this.put('putBytes', value, place)
  }

  private oneOf(schema: OneOfDescription, value: string, place: string): void {
    const { source } = this
    const index = source.name('index')
    source.add(`const ${index} = ${source.constant(schema.values)}.indexOf(${value})`)
    this.refuseUnless(`${index} >= 0`, `one of ${schema.values.join(', ')}`, value, place)
    if (isEnum(schema)) this.put('putInt', index, place)
    else this.text(value, place)
  }

  private optional(schema: SchemaDescription, value: string, place: string): void {
    this.source.add(`if (${value} === undefined) buffer[p++] = 0`, 'else {', 'buffer[p++] = 2')
    this.value(schema, value, place)
    this.source.add('}')
  }

  private list(items: SchemaDescription, value: string, place: string): void {
    this.refuseUnless(`Array.isArray(${value})`, 'a list', value, place)
    this.each(value, place, (item) => this.value(items, item, `${place}[]`))
  }

  private map(values: SchemaDescription, value: string, place: string): void {
    this.refuseUnless(`typeof ${value} === 'object' && ${value} !== null`, 'a map', value, place)
    const keys = this.source.name('keys')
    this.source.add(`const ${keys} = Object.keys(${value})`)
    this.each(keys, place, (key) => {
      this.text(key, place)
      const item = this.source.name('item')
      this.source.add(`const ${item} = ${value}[${key}]`)
      this.value(values, item, `${place}{}`)
    })
  }

  /** One block with all items, unless there are none, and the empty block that ends a list. */
  private each(array: string, place: string, addItem: (item: string) => void): void {
    const { source } = this
    const index = source.name('i')
    const item = source.name('item')
    source.add(`if (${array}.length > 0) p = putWhole(buffer, p, ${array}.length, ${source.constant(place)})`)
    source.add(`for (let ${index} = 0; ${index} < ${array}.length; ${index}++) {`, `const ${item} = ${array}[${index}]`)
    this.makeRoom()
    addItem(item)
    source.add('}')
    this.makeRoom()
    source.add('buffer[p++] = 0')
  }

  private tuple(items: readonly SchemaDescription[], value: string, place: string): void {
    this.refuseUnless(`Array.isArray(${value}) && ${value}.length === ${items.length}`, 'a tuple', value, place)
    for (const [index, schema] of items.entries()) {
      const item = this.source.name('item')
      this.source.add(`const ${item} = ${value}[${index}]`)
      this.value(schema, item, `${place}[${index}]`)
    }
  }

  private record(fields: readonly FieldDescription[], value: string, place: string): void {
    this.refuseUnless(`typeof ${value} === 'object' && ${value} !== null`, 'a record', value, place)
    this.fields(fields, value, place)
  }
}

function fieldsBytesMax(fields: readonly FieldDescription[]): number {
  return fields.reduce((sum, { schema }) => sum + fixedBytesMax(schema), 0)
}

/** Most bytes that everything but text and bytes takes, one item of each list and map included. */
function fixedBytesMax(schema: SchemaDescription): number {
  switch (schema.kind) {
    case 'optional':
      return 1 + fixedBytesMax(schema.of)
    case 'list':
      return 10 + fixedBytesMax(schema.items)
    case 'map':
      return 20 + fixedBytesMax(schema.values)
    case 'tuple':
      return schema.items.reduce((sum, item) => sum + fixedBytesMax(item), 0)
    case 'record':
      return fieldsBytesMax(schema.fields)
    case 'windowed':
      return fieldsBytesMax(schema.window.fields)
    default:
      return 10
  }
}
