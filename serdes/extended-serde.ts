// Enriching without decoding: a record that extends another is its base's bytes and the new fields behind them.
import { assert } from '../core/assert.ts'
import type { ByteWriter } from '../core/byte-writer.ts'
import { compileFieldsWriter } from './binary/writer-compiler.ts'
import type { Extension, RecordClass } from './schema.ts'

export interface ExtendedSerde<E> {
  /** Appends the encoded extended record, given the encoded base and the new fields. @throws BadRecord `encode`. */
  writeExtension(base: Buffer, start: number, end: number, fields: E, to: ByteWriter): void
}

export function extendedSerde<B, E>({ description }: RecordClass<unknown> & Extension<B, E>): ExtendedSerde<E> {
  assert(description.base !== undefined, `${description.name} extends no other record`)
  const writeFields = compileFieldsWriter<E>(description.fields.slice(description.base.fields.length), description.name)
  return {
    writeExtension(base, start, end, fields, to) {
      const before = to.position
      to.bytes(base, start, end)
      try {
        writeFields(fields, to)
      } catch (error) {
        to.position = before
        throw error
      }
    },
  }
}
