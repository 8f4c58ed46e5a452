// Builds an extended record from its base and the added fields: straight-line code, so that all values have one shape.
import type { Extension, RecordClass } from '../serdes/schema.ts'

export function extending<B, R, Out>(record: RecordClass<Out> & Extension<B, unknown>): (base: B, added: R) => Out {
  const { fields, base } = record.description
  const inBase = new Set(base?.fields.map(({ name }) => name))
  // Field names are checked to be plain identifiers when the record is declared.
  const parts = fields.map(({ name }) => `${name}: ${inBase.has(name) ? 'base' : 'added'}.${name}`)
  return new Function('Record', `return (base, added) => new Record({ ${parts.join(', ')} })`)(record)
}
