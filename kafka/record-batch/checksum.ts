// The CRC32C of a record batch: set by whoever writes or restamps one, checked by whoever reads it.
import { crc32cOf } from '../../core/crc.ts'
import { batchField } from './batch-layout.ts'

function checksumOf(buffer: Buffer, start: number, end: number): number {
  return crc32cOf(buffer.subarray(start + batchField.attributes, end))
}

export function stampChecksum(buffer: Buffer, start: number, end: number): void {
  buffer.writeUInt32BE(checksumOf(buffer, start, end), start + batchField.crc)
}

export function isChecksumRight(buffer: Buffer, start: number, end: number): boolean {
  return buffer.readUInt32BE(start + batchField.crc) === checksumOf(buffer, start, end)
}
