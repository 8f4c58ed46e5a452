// Compresses the records of a finished batch; the header stays readable, so that brokers and filters need not decompress.
import { gzipSync } from 'node:zlib'
import { compressFrameSync } from 'lz4-napi'
import { never } from '../../core/assert.ts'
import { batchField, lengthPrefixBytes } from './batch-layout.ts'
import { stampChecksum } from './checksum.ts'

export type BatchCompression = 'none' | 'gzip' | 'lz4'

/** Numbers of Kafka's codecs, as they stand in a batch's attributes. */
export const codecNumber = { none: 0, gzip: 1, snappy: 2, lz4: 3, zstd: 4 } as const

const fastestGzip = { level: 1 }

/** A batch of its own, or `batch` itself when nothing is to be done. */
export function compressBatch(batch: Buffer, compression: BatchCompression): Buffer {
  if (compression === 'none') return batch
  const records = compressRecords(batch.subarray(batchField.records), compression)
  const compressed = Buffer.allocUnsafe(batchField.records + records.length)
  batch.copy(compressed, 0, 0, batchField.records)
  records.copy(compressed, batchField.records)
  compressed.writeInt32BE(compressed.length - lengthPrefixBytes, batchField.batchLength)
  const attributes = batch.readInt16BE(batchField.attributes) | codecNumber[compression]
  compressed.writeInt16BE(attributes, batchField.attributes)
  stampChecksum(compressed, 0, compressed.length)
  return compressed
}

function compressRecords(records: Buffer, compression: 'gzip' | 'lz4'): Buffer {
  switch (compression) {
    case 'gzip':
      return gzipSync(records, fastestGzip)
    case 'lz4':
      return compressFrameSync(records)
    default:
      return never(compression)
  }
}
