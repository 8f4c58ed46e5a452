// Decompresses the records of a batch; which codecs there are is decided here.
import { gunzipSync } from 'node:zlib'
import { StreamsError } from '../../core/errors.ts'

/** No batch of ours grows beyond this; a larger claim is an attack or damage. */
const decompressedBytesMax = 128 * 1024 * 1024

const codecNames = ['none', 'gzip', 'snappy', 'lz4', 'zstd']

export function decompressRecords(codec: number, records: Buffer): Buffer {
  if (codec !== 1) {
    const name = codecNames[codec] ?? `codec ${codec}`
    throw new StreamsError('unsupported_codec', `records compressed with ${name} cannot be read; use none or gzip`)
  }
  try {
    return gunzipSync(records, { maxOutputLength: decompressedBytesMax })
  } catch (cause) {
    throw new StreamsError('corrupt_batch', 'the compressed records of a batch are damaged', { cause })
  }
}
