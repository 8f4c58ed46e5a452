// The two checksums of 32 bits that the engine uses, at memory speed; the one place that knows who computes them.
import * as native from '@node-rs/crc32'

/** CRC-32 (polynomial 0x04c11db7, as in zlib). */
export function crc32Of(bytes: Buffer): number {
  return native.crc32(bytes) >>> 0
}

/** CRC-32C (polynomial 0x1edc6f41, as in Kafka's record batches). */
export function crc32cOf(bytes: Buffer): number {
  return native.crc32c(bytes) >>> 0
}
