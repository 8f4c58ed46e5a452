// Walks the batches of a file from front to back: for recovery after a crash, lost indexes and compaction.
import { StreamsError } from '../../../core/errors.ts'
import { batchBaseOffset, wholeBatchBytes } from '../../record-batch/batch-header.ts'
import { batchField } from '../../record-batch/batch-layout.ts'
import { isChecksumRight } from '../../record-batch/checksum.ts'
import type { LogFile } from '../storage/log-storage.ts'

const chunkBytes = 1024 * 1024

/** `at` is the batch's place in `buffer`, `position` its place in the file. */
export type BatchVisit = (buffer: Buffer, at: number, position: number, byteLength: number) => void

/**
 * Visits every whole batch; returns the position behind the last one, which is below the file's size if its tail is torn.
 * A death amid a write leaves a batch cut off, never a whole one with wrong bytes: that is damage.
 * @throws StreamsError `corrupt_batch`
 */
export function walkBatches(file: LogFile, visit: BatchVisit): number {
  let chunk = Buffer.allocUnsafeSlow(Math.min(chunkBytes, Math.max(file.size, batchField.records)))
  let position = 0
  for (;;) {
    const available = file.read(position, chunk, 0, chunk.length)
    const consumed = visitChunk(chunk, available, position, visit)
    position += consumed
    if (consumed === 0) {
      const needed = firstBatchBytes(chunk, available)
      if (needed <= chunk.length || position + needed > file.size) return position
      chunk = Buffer.allocUnsafeSlow(needed)
    }
  }
}

/** How much of the chunk was whole batches. */
function visitChunk(chunk: Buffer, available: number, position: number, visit: BatchVisit): number {
  let at = 0
  for (;;) {
    const byteLength = soundBatchBytes(chunk, at, available)
    if (byteLength === undefined) return at
    visit(chunk, at, position + at, byteLength)
    at += byteLength
  }
}

function soundBatchBytes(chunk: Buffer, at: number, available: number): number | undefined {
  const byteLength = wholeBatchBytes(chunk, at, available)
  if (byteLength !== undefined && !isChecksumRight(chunk, at, at + byteLength)) {
    const offset = batchBaseOffset(chunk, at)
    throw new StreamsError('corrupt_batch', `the checksum of the batch at offset ${offset} is wrong`)
  }
  return byteLength
}

function firstBatchBytes(chunk: Buffer, available: number): number {
  return available < batchField.records ? 0 : chunk.readInt32BE(batchField.batchLength) + 12
}
