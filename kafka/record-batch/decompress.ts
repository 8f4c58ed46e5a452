// Decompresses the records of a batch; which codecs there are is decided here.
import { gunzipSync } from 'node:zlib'
import { Decoder as ZstdDecoder } from '@toondepauw/node-zstd'
import { decompressFrameSync } from 'lz4-napi'
import { StreamsError } from '../../core/errors.ts'
import { codecNumber } from './compress.ts'
import { decompressSnappy } from './snappy.ts'

/** No batch of ours grows beyond this; a larger claim is an attack or damage. */
const decompressedBytesMax = 128 * 1024 * 1024

const limits = { maxOutputLength: decompressedBytesMax }
const zstdDecoder = new ZstdDecoder()

export function decompressRecords(codec: number, records: Buffer): Buffer {
  const decompress = decompressorOf(codec)
  try {
    const decompressed = decompress(records)
    if (decompressed.length <= decompressedBytesMax) return decompressed
  } catch (cause) {
    throw new StreamsError('corrupt_batch', 'the compressed records of a batch are damaged', { cause })
  }
  throw new StreamsError('corrupt_batch', `the records of a batch grow beyond ${decompressedBytesMax} bytes`)
}

function decompressorOf(codec: number): (records: Buffer) => Buffer {
  switch (codec) {
    case codecNumber.gzip:
      return (records) => gunzipSync(records, limits)
    case codecNumber.snappy:
      return (records) => decompressSnappy(records, decompressedBytesMax)
    case codecNumber.lz4:
      return decompressFrameSync
    case codecNumber.zstd:
      return (records) => zstdDecoder.decodeSync(records)
    default:
      throw new StreamsError('unsupported_codec', `records compressed with codec ${codec} cannot be read`)
  }
}
