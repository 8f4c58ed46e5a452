// Byte strings behind each other, each after its length in 4 bytes: how keys and values travel to a script.
import { ByteWriter } from '../../core/byte-writer.ts'

const LENGTH_BYTES = 4

export class PackedBytes {
  private readonly writer = new ByteWriter(256)

  add(bytes: Buffer, start: number, end: number): void {
    const { writer } = this
    writer.reserve(LENGTH_BYTES)
    writer.buffer.writeUInt32BE(end - start, writer.position)
    writer.position += LENGTH_BYTES
    writer.bytes(bytes, start, end)
  }

  /** Valid until the next `add`. */
  view(): Buffer {
    return this.writer.view()
  }
}
