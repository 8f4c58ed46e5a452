// Values to bytes and back. A serde is synchronous; what must be asked of a registry is resolved at the edge of a batch.
import type { ByteWriter } from '../core/byte-writer.ts'
import { Retriable } from '../core/errors.ts'

export interface Serde<T> {
  /** Appends the encoded value. @throws BadRecord `encode` when the value does not fit its schema. */
  write(value: T, to: ByteWriter): void
  /** Decodes exactly the bytes from `start` to `end`. @throws BadRecord `decode`, `schema_unknown`, `schema_incompatible`; UnresolvedSchema. */
  read(buffer: Buffer, start: number, end: number): T
  /** Asks the registry for a writer schema that `read` met for the first time; afterwards `read` knows what to do with it. @throws Retriable when the registry cannot be asked, or does not know it yet. */
  resolve?(schemaId: number): Promise<void>
}

/** `read` met a schema id for the first time: await `resolve(schemaId)`, then read again. */
export class UnresolvedSchema extends Retriable {
  readonly schemaId: number

  constructor(schemaId: number) {
    super('schema_unresolved', `schema ${schemaId} has not been asked for yet`)
    this.schemaId = schemaId
  }
}
