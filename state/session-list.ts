// The sessions of a key as one value's bytes, so that one read finds whatever a record may merge with.
//
//   value   │ count │ start │ length │ value length │ value bytes │ start … │        varints; ordered by start
import { ByteReader } from '../core/byte-reader.ts'
import { ByteWriter } from '../core/byte-writer.ts'
import type { Serde } from '../serdes/serde.ts'

export interface Session<V> {
  readonly start: number
  readonly end: number
  readonly value: V
}

export function sessionListSerde<V>(values: Serde<V>): Serde<readonly Session<V>[]> {
  /** One session's value, encoded to learn its length. */
  const encoded = new ByteWriter(256)
  return {
    write(sessions, to) {
      to.varint(sessions.length)
      for (const { start, end, value } of sessions) {
        encoded.reset()
        values.write(value, encoded)
        to.varint(start)
        to.varint(end - start)
        to.varint(encoded.position)
        to.bytes(encoded.buffer, 0, encoded.position)
      }
    },
    read(buffer, from, to) {
      const reader = new ByteReader(buffer, from, to)
      const sessions: Session<V>[] = []
      for (let count = reader.varint(); count > 0; count--) {
        const start = reader.varint()
        const end = start + reader.varint()
        const length = reader.varint()
        sessions.push({ start, end, value: values.read(buffer, reader.position, reader.position + length) })
        reader.position += length
      }
      return sessions
    },
  }
}
