// Compresses the records of a finished batch; the header stays readable, so that brokers and filters need not decompress.
import * as zlib from 'node:zlib'
import { compressFrameSync } from 'lz4-napi'
import { never } from '../../core/assert.ts'
import { StreamsError } from '../../core/errors.ts'
import { batchField, lengthPrefixBytes } from './batch-layout.ts'
import { stampChecksum } from './checksum.ts'

export type BatchCompression = 'none' | 'gzip' | 'lz4' | 'zstd'

/** Numbers of Kafka's codecs, as they stand in a batch's attributes. */
export const codecNumber = { none: 0, gzip: 1, snappy: 2, lz4: 3, zstd: 4 } as const

const fastestGzip = { level: 1 }

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

/** @throws StreamsError `unsupported_codec` where this Node cannot write it: at the start, not at the first batch */
export function requireCompression(compression: BatchCompression): void {
  if (compression !== 'none') compressorOf(compression)
}

function compressorOf(compression: Exclude<BatchCompression, 'none'>): (records: Buffer) => Buffer {
  switch (compression) {
    case 'gzip':
      return (records) => zlib.gzipSync(records, fastestGzip)
    case 'lz4':
      return (records) => compressFrameSync(records)
    case 'zstd':
      return zstdCompressor()
    default:
      return never(compression)
  }
}

function zstdCompressor(): (records: Buffer) => Buffer {
  // Only some versions have it.
  const { zstdCompressSync } = zlib as { zstdCompressSync?: (records: Buffer) => Buffer }
  if (zstdCompressSync !== undefined) return zstdCompressSync
  throw new StreamsError(
    'unsupported_codec',
    `writing with zstd needs Node 22.15 or later; this is ${process.versions.node}. Use another Node, or gzip, lz4 or none`,
  )
}
