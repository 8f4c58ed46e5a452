// Schemas: declared once by whoever owns the bytes; types are inferred from them, serdes and tables are generated from them.
import { assert } from '../core/assert.ts'
import { recordConstructor } from './record-constructor.ts'
import { isAvroName, type RecordDescription, type SchemaDescription } from './schema-description.ts'

declare const brand: unique symbol
declare const type: unique symbol
declare const added: unique symbol
declare const extended: unique symbol

/** Text that names one kind of thing. */
export type Id<N extends string> = string & { readonly [brand]: N }

export interface ValueSchema<out T> {
  readonly [type]: T
  readonly description: SchemaDescription
}
/** `class Case extends t.record(…) {}`: the schema is the class, so hovers and errors say `Case`. */
export interface RecordClass<out T> {
  new (fields: never): T
  readonly recordName: string
  readonly description: RecordDescription
}
export interface NewRecord<T> {
  new (fields: T): T
  readonly recordName: string
  readonly description: RecordDescription
}
/** A record that is `B` plus the trailing fields `E`: the engine copies B's bytes and appends. */
export interface Extension<in B, out E> {
  readonly [added]: E
  readonly [extended]: (value: B) => void
  readonly base: RecordClass<unknown>
}
export type Schema<T> = ValueSchema<T> | RecordClass<T>
export type Infer<S> = S extends { readonly [type]: infer T }
  ? T
  : S extends { new (fields: never): infer T }
    ? T
    : never

/** Schemas whose values have an order: what can be a version. */
export interface OrderedSchema<out T> extends ValueSchema<T> {
  /** Negative, zero or positive, as for sorting; text by UTF-16 code units. */
  compare(a: T, b: T): number
}
/** `of` is the one place where a branded text is made. */
export interface IdSchema<T> extends OrderedSchema<T> {
  of(text: string): T
}

export type Fields = { readonly [name: string]: Schema<unknown> }
// The name comes first so that errors and hovers start with it.
export type RecordOf<_Name extends string, F extends Fields> = { readonly [N in keyof F]: Infer<F[N]> }
export type Extended<_Name extends string, B, F extends Fields> = {
  readonly [P in keyof B | keyof F]: P extends keyof F ? Infer<F[P]> : P extends keyof B ? B[P] : never
}
/** `R` has every field of `Shape`, no other, each of its type; of a union, every field of one member. */
export type Exact<R, Shape> = Shape extends unknown
  ? Shape & { readonly [N in Exclude<keyof R, keyof Shape>]?: never }
  : never

type Items<S extends readonly OrderedSchema<unknown>[]> = { readonly [I in keyof S]: Infer<S[I]> }

export const t = {
  string: ordered<string>({ kind: 'string' }, compareText),
  /** 32 bits. */
  int: ordered<number>({ kind: 'int' }, compareNumbers),
  /** A whole number up to ±(2^53 − 1); what is beyond is refused, never rounded. */
  long: ordered<number>({ kind: 'long' }, compareNumbers),
  double: ordered<number>({ kind: 'double' }, compareNumbers),
  /** Milliseconds since the epoch, UTC. */
  instant: ordered<number>({ kind: 'instant' }, compareNumbers),
  boolean: schemaOf<boolean>({ kind: 'boolean' }),
  bytes: schemaOf<Buffer>({ kind: 'bytes' }),

  /** Text that the compiler keeps apart from other text. */
  id<const N extends string>(name: N): IdSchema<Id<N>> {
    // `of` brands the text, which exists in types only.
    return { ...ordered<Id<N>>({ kind: 'id', name }, compareText), of: (text) => text as Id<N> }
  },

  /** One of the given texts. */
  oneOf<const V extends readonly string[]>(...values: V): ValueSchema<V[number]> {
    assert(values.length > 0 && new Set(values).size === values.length, 't.oneOf needs distinct values')
    return schemaOf({ kind: 'one of', values, name: undefined })
  },

  optional<T>(schema: Schema<T>): ValueSchema<T | undefined> {
    assert(schema.description.kind !== 'optional', 'a schema is optional once')
    return schemaOf({ kind: 'optional', of: schema.description })
  },

  list<T>(schema: Schema<T>): ValueSchema<readonly T[]> {
    assert(takesBytes(schema.description), 'the items of a list need at least one field')
    return schemaOf({ kind: 'list', items: schema.description })
  },

  /** Values by any text; read into an object without prototype, so that `__proto__` is a key like any other. */
  map<T>(schema: Schema<T>): ValueSchema<Readonly<Record<string, T>>> {
    return schemaOf({ kind: 'map', values: schema.description })
  },

  /** Compared item by item, from the first on. */
  tuple<const S extends readonly OrderedSchema<unknown>[]>(...items: S): OrderedSchema<Items<S>> {
    assert(items.length > 0, 'a tuple has at least one item')
    const description = { kind: 'tuple', items: items.map((item) => item.description) } as const
    return ordered<Items<S>>(description, (a, b) => compareTuples(items, a, b))
  },

  /** `class Ward extends t.record('Ward', { number: t.int }) {}` */
  record<const N extends string, F extends Fields>(name: N, fields: F): NewRecord<RecordOf<N, F>> {
    return recordClass(name, undefined, fields)
  },

  /** A record with all fields of `base` and, behind them, its own. */
  extend<const N extends string, B, F extends Fields>(
    name: N,
    base: RecordClass<B>,
    fields: F,
  ): NewRecord<Extended<N, B, F>> & Extension<B, RecordOf<N, F>> {
    return recordClass(name, base, fields)
  },
}

function recordClass<Class>(name: string, base: RecordClass<unknown> | undefined, fields: Fields): Class {
  assert(isAvroName(name), `'${name}' cannot name a record: letters, digits and _ only`)
  const own = Object.entries(fields).map(([field, { description: schema }]) => ({ name: field, schema }))
  const all = [...(base?.description.fields ?? []), ...own]
  for (const { name: field } of all) {
    assert(isAvroName(field) && field !== '__proto__', `${name}: '${field}' cannot name a field`)
    assert(all.filter((other) => other.name === field).length === 1, `${name}: the field ${field} is declared twice`)
  }
  // The class is generated, so its type cannot be inferred; it has what NewRecord and Extension say but for phantom types.
  return recordConstructor(name, all, base) as Class
}

/** The type of a schema exists for the compiler only, hence the cast. */
export function schemaOf<T>(description: SchemaDescription): ValueSchema<T> {
  return { description } as ValueSchema<T>
}

function ordered<T>(description: SchemaDescription, compare: (a: T, b: T) => number): OrderedSchema<T> {
  return { ...schemaOf<T>(description), compare }
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function compareNumbers(a: number, b: number): number {
  return a - b
}

function compareTuples(items: readonly OrderedSchema<unknown>[], a: readonly unknown[], b: readonly unknown[]): number {
  for (const [index, item] of items.entries()) {
    const order = item.compare(a[index], b[index])
    if (order !== 0) return order
  }
  return 0
}

/** Whether a value is at least one byte long, which is what bounds how many can be in a list. */
function takesBytes(schema: SchemaDescription): boolean {
  return schema.kind !== 'record' || schema.fields.some((field) => takesBytes(field.schema))
}
