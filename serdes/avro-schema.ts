// Our schemas as Avro's JSON: what a registry keeps and what consumers in other languages read with.
// Types that Avro wants named are named after the record and field they stand in; `optional` is a union with null, null by default.
import { assert, never } from '../core/assert.ts'
import type { Schema } from './schema.ts'
import {
  isAvroName,
  isEnum,
  type OneOfDescription,
  type RecordDescription,
  type SchemaDescription,
} from './schema-description.ts'

export type AvroJson = string | readonly AvroJson[] | { readonly [property: string]: unknown }

export interface AvroSchemaOptions {
  /** Of the outermost named type; those inside inherit it. */
  readonly namespace?: string
  /** Of the outermost named type. */
  readonly doc?: string
}

export function avroSchema({ description }: Schema<unknown>, options: AvroSchemaOptions = {}): AvroJson {
  const json = new AvroNames().describe(description, 'Value')
  if (typeof json !== 'object' || !('name' in json)) return json
  const { type, name, ...rest } = json
  return { type, name, ...options, ...rest }
}

/** The same text for the same schema, always: what is registered and hashed. */
export function avroSchemaText(schema: Schema<unknown>, options: AvroSchemaOptions = {}): string {
  return JSON.stringify(avroSchema(schema, options))
}

/** Avro defines a name once and refers to it afterwards. */
class AvroNames {
  private readonly defined = new Map<string, string>()

  describe(schema: SchemaDescription, path: string): AvroJson {
    switch (schema.kind) {
      case 'id':
        return 'string'
      case 'instant':
        return { type: 'long', logicalType: 'timestamp-millis' }
      case 'one of':
        return isEnum(schema) ? this.enumeration(schema, path) : 'string'
      case 'optional':
        return ['null', this.describe(schema.of, path)]
      case 'list':
        return { type: 'array', items: this.describe(schema.items, path) }
      case 'map':
        return { type: 'map', values: this.describe(schema.values, path) }
      case 'tuple':
        return this.tuple(schema.items, path)
      case 'record':
        return this.record(schema)
      case 'windowed':
        return this.record(schema.window)
      case 'string':
      case 'int':
      case 'long':
      case 'double':
      case 'boolean':
      case 'bytes':
        return schema.kind
      default:
        return never(schema)
    }
  }

  private enumeration({ values, name }: OneOfDescription, path: string): AvroJson {
    return this.define({ type: 'enum', name: name ?? path, symbols: values })
  }

  private tuple(items: readonly SchemaDescription[], path: string): AvroJson {
    const fields = items.map((item, index) => this.field(`_${index}`, item, path))
    return this.define({ type: 'record', name: path, fields })
  }

  private record(record: RecordDescription): AvroJson {
    const fields = record.fields.map(({ name, schema }, index) => this.field(name, schema, declarer(record, index)))
    return this.define({ type: 'record', name: record.name, fields })
  }

  private field(name: string, schema: SchemaDescription, owner: string): AvroJson {
    const type = this.describe(schema, `${owner}_${name}`)
    return schema.kind === 'optional' ? { name, type, default: null } : { name, type }
  }

  private define(type: { readonly name: string; readonly [property: string]: unknown }): AvroJson {
    const { name } = type
    assert(isAvroName(name), `'${name}' cannot name an Avro type`)
    const text = JSON.stringify(type)
    const before = this.defined.get(name)
    if (before === undefined) {
      this.defined.set(name, text)
      return type
    }
    assert(before === text, `two different types in one schema are called ${name}`)
    return name
  }
}

/** The record that declared a field: what is inherited keeps the names it has in the base. */
function declarer(record: RecordDescription, index: number): string {
  const { base } = record
  return base !== undefined && index < base.fields.length ? declarer(base, index) : record.name
}
