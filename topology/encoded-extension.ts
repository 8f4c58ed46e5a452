// An extended record that was never decoded: its base is still the bytes it came in, the new fields are values. Written, the bytes are copied.
import type { ByteWriter } from '../core/byte-writer.ts'
import type { Encoded } from '../serdes/encoded.ts'
import type { ExtendedSerde } from '../serdes/extended-serde.ts'

export class EncodedExtension {
  private readonly serde: ExtendedSerde<unknown>
  private readonly base: Encoded<unknown>
  private readonly fields: unknown

  constructor(serde: ExtendedSerde<unknown>, base: Encoded<unknown>, fields: unknown) {
    this.serde = serde
    this.base = base
    this.fields = fields
  }

  /** Appends the record's Avro body. Valid while the batch that the base came in is processed. */
  writeTo(to: ByteWriter): void {
    const { buffer, start, end } = this.base
    this.serde.writeExtension(buffer, start, end, this.fields, to)
  }
}
