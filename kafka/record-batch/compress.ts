// Compresses the records of a finished batch; the header stays readable, so that brokers and filters need not decompress.
import { gzipSync } from 'node:zlib'
import { Encoder as ZstdEncoder } from '@toondepauw/node-zstd'
import { compressFrameSync } from 'lz4-napi'
import { never } from '../../core/assert.ts'
import { batchField, lengthPrefixBytes } from './batch-layout.ts'
import { stampChecksum } from './checksum.ts'
import { compressSnappy } from './snappy.ts'

export type BatchCompression = 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd'

/** Numbers of Kafka's codecs, as they stand in a batch's attributes. */
export const codecNumber = { none: 0, gzip: 1, snappy: 2, lz4: 3, zstd: 4 } as const

const fastestGzip = { level: 1 }
/** Kafka's default level. */
const zstdEncoder = new ZstdEncoder(3)

/** A batch of its own, or `batch` itself when nothing is to be done. */
export function compressBatch(batch: Buffer, compression: BatchCompression): Buffer {
  if (compression === 'none') return batch
  const records = compressorOf(compression)(batch.subarray(batchField.records))
  const compressed = Buffer.allocUnsafe(batchField.records + records.length)
  batch.copy(compressed, 0, 0, batchField.records)
  records.copy(compressed, batchField.records)
  compressed.writeInt32BE(compressed.length - lengthPrefixBytes, batchField.batchLength)
  const attributes = batch.readInt16BE(batchField.attributes) | codecNumber[compression]
  compressed.writeInt16BE(attributes, batchField.attributes)
  stampChecksum(compressed, 0, compressed.length)
  return compressed
}

function compressorOf(compression: Exclude<BatchCompression, 'none'>): (records: Buffer) => Buffer {
  switch (compression) {
    case 'gzip':
      return (records) => gzipSync(records, fastestGzip)
    case 'snappy':
      return compressSnappy
    case 'lz4':
      return (records) => compressFrameSync(records)
    case 'zstd':
      return (records) => zstdEncoder.encodeSync(records)
    default:
      return never(compression)
  }
}
