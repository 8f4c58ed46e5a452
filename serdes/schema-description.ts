// What a schema is, as plain data: everything that reads or writes values (Avro, JSON, tables) is generated from this.

export type SchemaDescription =
  | { readonly kind: 'string' | 'int' | 'long' | 'double' | 'boolean' | 'instant' }
  | { readonly kind: 'bytes' }
  | { readonly kind: 'id'; readonly name: string }
  | OneOfDescription
  | { readonly kind: 'optional'; readonly of: SchemaDescription }
  | { readonly kind: 'list'; readonly items: SchemaDescription }
  | { readonly kind: 'map'; readonly values: SchemaDescription }
  | { readonly kind: 'tuple'; readonly items: readonly SchemaDescription[] }
  | RecordDescription
  | WindowedDescription

export interface OneOfDescription {
  readonly kind: 'one of'
  readonly values: readonly string[]
  /** Undefined: named after the field it stands in. */
  readonly name: string | undefined
}

export interface FieldDescription {
  readonly name: string
  readonly schema: SchemaDescription
}

export interface RecordDescription {
  readonly kind: 'record'
  readonly name: string
  /** In the order of the bytes; those of `base` come first. */
  readonly fields: readonly FieldDescription[]
  readonly base: RecordDescription | undefined
  /** Builds the value from an object with all fields. */
  readonly create: new (
    fields: never,
  ) => object
}

/** A window of a key. As a value it is the record `window`; as a key see key-serde.ts. */
export interface WindowedDescription {
  readonly kind: 'windowed'
  readonly key: SchemaDescription
  readonly window: RecordDescription
}

const avroName = /^[A-Za-z_][A-Za-z0-9_]*$/

export function isAvroName(text: string): boolean {
  return avroName.test(text)
}

/** Avro enums hold names only; other literals travel as text. */
export function isEnum({ values }: OneOfDescription): boolean {
  return values.every(isAvroName)
}

/** What errors call a value of this schema. */
export function nameOf(schema: SchemaDescription): string {
  return schema.kind === 'record' || schema.kind === 'id' ? schema.name : schema.kind
}
