// Random schemas, each with random values of it and how avsc sees such a value.
import fc from 'fast-check'
import { type Schema, schemaOf, t } from '../../serdes/schema.ts'

export interface Sample {
  readonly schema: Schema<unknown>
  readonly value: unknown
  /** The same value as avsc takes and gives it: null for undefined, objects for tuples. */
  readonly asAvsc: unknown
}

interface Kind {
  readonly schema: Schema<unknown>
  readonly values: fc.Arbitrary<unknown>
  readonly toAvsc: (value: unknown) => unknown
}

const anyText = fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme', maxLength: 200 }), fc.string())
/** Within 2^52: beyond it avsc itself rounds; binary-serde.test.ts compares the rest with BigInt. */
const anyWhole = fc.oneof(
  fc.integer({ min: -(2 ** 52), max: 2 ** 52 }),
  fc.integer(),
  fc.integer({ min: -200, max: 200 }),
)
/** Without −0, which JSON does not have. */
const anyDouble = fc.double().map((number) => number + 0)

const same = (value: unknown) => value

const scalars: readonly Kind[] = [
  { schema: t.string, values: anyText, toAvsc: same },
  { schema: t.id('Name'), values: anyText, toAvsc: same },
  { schema: t.int, values: fc.integer(), toAvsc: same },
  { schema: t.long, values: anyWhole, toAvsc: same },
  { schema: t.instant, values: anyWhole, toAvsc: same },
  { schema: t.double, values: anyDouble, toAvsc: same },
  { schema: t.boolean, values: fc.boolean(), toAvsc: same },
  { schema: t.bytes, values: fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)), toAvsc: same },
  { schema: t.oneOf('open', 'closed', 'new'), values: fc.constantFrom('open', 'closed', 'new'), toAvsc: same },
  { schema: t.oneOf('in work', '新'), values: fc.constantFrom('in work', '新'), toAvsc: same },
]

function listOf({ schema, values, toAvsc }: Kind): Kind {
  return {
    schema: t.list(schema),
    values: fc.array(values, { maxLength: 70 }),
    toAvsc: (list) => (Array.isArray(list) ? list.map(toAvsc) : list),
  }
}

function optionalOf({ schema, values, toAvsc }: Kind): Kind {
  if (schema.description.kind === 'optional') return { schema, values, toAvsc }
  return {
    schema: t.optional(schema),
    values: fc.option(values, { nil: undefined }),
    toAvsc: (value) => (value === undefined ? null : toAvsc(value)),
  }
}

function mapOf({ schema, values, toAvsc }: Kind): Kind {
  // avsc's own maps lose this key; ours must not, which has its own test.
  const key = anyText.filter((text) => text !== '__proto__')
  return {
    schema: t.map(schema),
    values: fc.dictionary(key, values, { maxKeys: 8, noNullPrototype: true }),
    toAvsc: (map) => Object.fromEntries(entries(map).map(([name, value]) => [name, toAvsc(value)])),
  }
}

function recordOf(name: string, kinds: readonly Kind[]): Kind {
  const named = kinds.map((kind, index) => [`f${index}`, kind] as const)
  const Class = t.record(name, Object.fromEntries(named.map(([field, { schema }]) => [field, schema])))
  return {
    schema: schemaOf(Class.description),
    values: fc
      .record(Object.fromEntries(named.map(([field, { values }]) => [field, values])))
      .map((all) => new Class(all)),
    toAvsc: (record) => {
      const values = new Map(entries(record))
      return Object.fromEntries(named.map(([field, { toAvsc }]) => [field, toAvsc(values.get(field))]))
    },
  }
}

function tupleOf(): Kind {
  return {
    schema: t.tuple(t.instant, t.string),
    values: fc.tuple(anyWhole, anyText),
    toAvsc: (tuple) => (Array.isArray(tuple) ? { _0: tuple[0], _1: tuple[1] } : tuple),
  }
}

function entries(value: unknown): [string, unknown][] {
  return Object.entries(Object(value))
}

function anyKind(depth: number, path: string): fc.Arbitrary<Kind> {
  const scalar = fc.constantFrom(...scalars)
  if (depth === 0) return scalar
  const inner = anyKind(depth - 1, `${path}x`)
  return fc.oneof(
    scalar,
    inner.map(listOf),
    inner.map(optionalOf),
    inner.map(mapOf),
    fc.constant(tupleOf()),
    anyRecord(depth - 1, `${path}r`),
  )
}

function anyRecord(depth: number, path: string): fc.Arbitrary<Kind> {
  const fields = fc
    .integer({ min: 1, max: 6 })
    .chain((count) => fc.tuple(...Array.from({ length: count }, (_, index) => anyKind(depth, `${path}${index}_`))))
  return fields.map((kinds) => recordOf(path, kinds))
}

/** A record with fields of every kind, nested up to three deep, and a value of it. */
export const anySample: fc.Arbitrary<Sample> = anyRecord(3, 'R').chain(({ schema, values, toAvsc }) =>
  values.map((value) => ({ schema, value, asAvsc: toAvsc(value) })),
)
