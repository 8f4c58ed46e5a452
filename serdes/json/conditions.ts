// When a value of a scalar schema is what the schema says, as the condition that generated code tests.
import type { SchemaDescription } from '../schema-description.ts'
import type { Source } from '../source.ts'

export type Scalar = Exclude<
  SchemaDescription,
  { readonly kind: 'optional' | 'list' | 'map' | 'tuple' | 'record' | 'windowed' | 'bytes' }
>

/** Text that was not checked for lone surrogates passes: `isUnicode` or `quoted` follows. */
export function scalarCondition(source: Source, schema: Scalar, value: string): string {
  switch (schema.kind) {
    case 'string':
    case 'id':
      return `typeof ${value} === 'string'`
    case 'one of':
      return `${source.constant(new Set(schema.values))}.has(${value})`
    case 'int':
      return `(${value} | 0) === ${value}`
    case 'long':
    case 'instant':
      return `Number.isSafeInteger(${value})`
    case 'double':
      return `Number.isFinite(${value})`
    case 'boolean':
      return `typeof ${value} === 'boolean'`
  }
}
