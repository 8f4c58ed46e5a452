// Avro's binary encoding without a frame: values in state and changelogs, and the body of framed records.
import { compileReader } from './binary/reader-compiler.ts'
import { wireTypeOf } from './binary/wire-type.ts'
import { compileWriter } from './binary/writer-compiler.ts'
import type { Schema } from './schema.ts'
import { nameOf, type SchemaDescription } from './schema-description.ts'
import type { Serde } from './serde.ts'

const compiled = new WeakMap<SchemaDescription, Serde<unknown>>()

/** Compiled once per schema: asking again is cheap. */
export function binarySerde<T>({ description }: Schema<T>): Serde<T> {
  let serde = compiled.get(description)
  if (serde === undefined) {
    const name = nameOf(description)
    serde = { write: compileWriter(description, name), read: compileReader(wireTypeOf(description), description, name) }
    compiled.set(description, serde)
  }
  // The map forgets the type that the schema had when the serde was compiled from it.
  return serde as Serde<T>
}
