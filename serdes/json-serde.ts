// Plain JSON, checked against the schema in both directions: for topics that other programs write or read without a registry.
// Instants are milliseconds, bytes are base64; an optional field may be absent or null; fields the schema does not have are ignored.
import { BadRecord } from '../core/errors.ts'
import { compileFromJson } from './json/reader-compiler.ts'
import { compileToJson } from './json/writer-compiler.ts'
import type { Schema } from './schema.ts'
import { nameOf } from './schema-description.ts'
import type { Serde } from './serde.ts'
import { utf8Text } from './unicode.ts'

export function jsonSerde<T>({ description }: Schema<T>): Serde<T> {
  const toJson = compileToJson<T>(description, nameOf(description))
  const fromJson = compileFromJson<T>(description, nameOf(description))
  return {
    write: (value, to) => to.text(toJson(value)),
    read: (buffer, start, end) => fromJson(parse(buffer, start, end)),
  }
}

function parse(buffer: Buffer, start: number, end: number): unknown {
  const text = utf8Text(buffer, start, end)
  if (text === undefined) throw new BadRecord('decode', 'not UTF-8')
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new BadRecord('decode', 'not JSON', { cause })
  }
}
