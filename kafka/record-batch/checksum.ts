// CRC32C: of a record batch, set by whoever writes or restamps one and checked by whoever reads; and of any other bytes that are kept.
import { crc32c } from '@node-rs/crc32'
import { batchField } from './batch-layout.ts'

export function crc32cOf(bytes: Buffer): number {
  return crc32c(bytes) >>> 0
}

function checksumOf(buffer: Buffer, start: number, end: number): number {
  return crc32cOf(buffer.subarray(start + batchField.attributes, end))
}

export function stampChecksum(buffer: Buffer, start: number, end: number): void {
  buffer.writeUInt32BE(checksumOf(buffer, start, end), start + batchField.crc)
}

export function isChecksumRight(buffer: Buffer, start: number, end: number): boolean {
  return buffer.readUInt32BE(start + batchField.crc) === checksumOf(buffer, start, end)
}
