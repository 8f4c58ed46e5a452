// Whole values to bytes and back, for tests.
import { ByteWriter } from '../../core/byte-writer.ts'
import type { Serde } from '../../serdes/serde.ts'

/** Starts with the smallest of buffers, so that growing is always tested too. */
export function encode<T>(serde: Pick<Serde<T>, 'write'>, value: T): Buffer {
  const to = new ByteWriter(1)
  serde.write(value, to)
  return to.copy()
}

/** From the middle of a larger buffer, as fetched records are read. */
export function decode<T>(serde: Pick<Serde<T>, 'read'>, bytes: Buffer): T {
  const around = Buffer.concat([Buffer.from([2, 2, 2, 2, 2]), bytes, Buffer.from('leftover of the next record')])
  return serde.read(around, 5, 5 + bytes.length)
}

/** The code of the operating error that `act` throws. */
export function codeOf(act: () => unknown): string {
  try {
    act()
  } catch (error) {
    if (error instanceof Error && 'code' in error) return String(error.code)
    throw error
  }
  return 'no error'
}
