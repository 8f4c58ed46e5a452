// How Avro lays values out in bytes: what a writer's schema says, without names that do not change the layout.
import { isEnum, type SchemaDescription } from '../schema-description.ts'

export type WireType =
  | { readonly kind: 'null' | 'boolean' | 'int' | 'long' | 'float' | 'double' | 'bytes' | 'string' }
  | { readonly kind: 'fixed'; readonly size: number }
  | { readonly kind: 'enum'; readonly symbols: readonly string[] }
  | { readonly kind: 'array'; readonly items: WireType }
  | { readonly kind: 'map'; readonly values: WireType }
  | { readonly kind: 'union'; readonly branches: readonly WireType[] }
  | WireRecord

export interface WireRecord {
  readonly kind: 'record'
  readonly fields: readonly { readonly name: string; readonly type: WireType }[]
}

/** The layout in which values of this schema are written. */
export function wireTypeOf(schema: SchemaDescription): WireType {
  switch (schema.kind) {
    case 'id':
      return { kind: 'string' }
    case 'instant':
      return { kind: 'long' }
    case 'one of':
      return isEnum(schema) ? { kind: 'enum', symbols: schema.values } : { kind: 'string' }
    case 'optional':
      return { kind: 'union', branches: [{ kind: 'null' }, wireTypeOf(schema.of)] }
    case 'list':
      return { kind: 'array', items: wireTypeOf(schema.items) }
    case 'map':
      return { kind: 'map', values: wireTypeOf(schema.values) }
    case 'tuple':
      return {
        kind: 'record',
        fields: schema.items.map((item, index) => ({ name: `_${index}`, type: wireTypeOf(item) })),
      }
    case 'record':
      return {
        kind: 'record',
        fields: schema.fields.map((field) => ({ name: field.name, type: wireTypeOf(field.schema) })),
      }
    case 'windowed':
      return wireTypeOf(schema.window)
    default:
      return { kind: schema.kind }
  }
}
