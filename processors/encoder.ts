// The writing half of a serde: all that operators need of one.
import type { ByteWriter } from '../core/byte-writer.ts'

export interface Encoder<T> {
  write(value: T, to: ByteWriter): void
}
