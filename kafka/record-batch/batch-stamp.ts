// What a log writes into a batch when it takes it: the base offset, and the append time where the topic asks for it.
import { attribute, batchField, writeInt64 } from './batch-layout.ts'
import { stampChecksum } from './checksum.ts'

/** Needs no new checksum: the base offset is outside of it. */
export function stampBaseOffset(batch: Buffer, baseOffset: number): void {
  writeInt64(batch, batchField.baseOffset, baseOffset)
}

export function stampAppendTime(batch: Buffer, now: number): void {
  batch.writeInt16BE(batch.readInt16BE(batchField.attributes) | attribute.logAppendTime, batchField.attributes)
  writeInt64(batch, batchField.maxTimestamp, now)
  stampChecksum(batch, 0, batch.length)
}
