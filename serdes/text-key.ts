// A key as people write it: text and ids as they are, everything else as JSON.
import { jsonSerde } from './json-serde.ts'
import { type Schema, schemaOf } from './schema.ts'

/** @throws BadRecord `decode` saying what the schema wants. */
export function keyFromText<K>(text: string, { description }: Schema<K>): K {
  const isText = description.kind === 'string' || description.kind === 'id' || description.kind === 'one of'
  const json = Buffer.from(isText ? JSON.stringify(text) : text)
  return jsonSerde(schemaOf<K>(description)).read(json, 0, json.length)
}
