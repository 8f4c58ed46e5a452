// Copies a batch without some of its records, as compaction does: offsets, timestamps and sequence of what stays are those of the original.
import type { ByteWriter } from '../../core/byte-writer.ts'
import { attribute, batchField, lengthPrefixBytes } from './batch-layout.ts'
import { stampChecksum } from './checksum.ts'
import { type RecordColumns, readRecordBatch } from './record-columns.ts'

/** Appends to `target` the batch at `at` with only the records that `keeps` wants; nothing when it wants none. */
export function copyKeptRecords(
  buffer: Buffer,
  at: number,
  columns: RecordColumns,
  keeps: (columns: RecordColumns, row: number) => boolean,
  target: ByteWriter,
): void {
  const end = readRecordBatch(buffer, at, columns)
  const start = target.position
  target.bytes(buffer, at, at + batchField.records)
  let kept = 0
  for (let row = 0; row < columns.count; row++) {
    if (!keeps(columns, row)) continue
    kept++
    target.bytes(columns.buffer, columns.recordStart[row], columns.headersEnd[row])
  }
  if (kept === columns.count) {
    target.position = start
    target.bytes(buffer, at, end)
  } else if (kept === 0) target.position = start
  else completeHeader(target, start, kept)
}

/** The records are uncompressed now, and fewer. */
function completeHeader({ buffer, position: end }: ByteWriter, start: number, count: number): void {
  const attributes = buffer.readInt16BE(start + batchField.attributes) & ~attribute.codec
  buffer.writeInt16BE(attributes, start + batchField.attributes)
  buffer.writeInt32BE(end - start - lengthPrefixBytes, start + batchField.batchLength)
  buffer.writeInt32BE(count, start + batchField.recordCount)
  stampChecksum(buffer, start, end)
}
