// The bytes of a file, unpacked if it ends in .gz, from any offset on; and the hash it is remembered by.
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { createGunzip } from 'node:zlib'

const CHUNK_BYTES = 256 * 1024

/** Chunks behind `from`, an offset into the unpacked content; `onRead` is told of bytes as they come from the disk. */
export async function* fileBytes(path: string, from: number, onRead: (bytes: number) => void): AsyncGenerator<Buffer> {
  const isPacked = path.endsWith('.gz')
  const file = createReadStream(path, { start: isPacked ? 0 : from, highWaterMark: CHUNK_BYTES })
  file.on('data', (chunk) => onRead(chunk.length))
  const content = isPacked ? file.pipe(createGunzip({ chunkSize: CHUNK_BYTES })) : file
  // pipe does not hand errors on.
  if (content !== file) file.on('error', (error) => content.destroy(error))
  let toSkip = isPacked ? from : 0
  try {
    for await (const chunk of content) {
      const bytes: Buffer = chunk
      if (toSkip < bytes.length) yield bytes.subarray(toSkip)
      toSkip = Math.max(0, toSkip - bytes.length)
    }
  } finally {
    file.destroy()
    content.destroy()
  }
}

/** SHA-256 of the file as it lies on disk. */
export async function fileHash(path: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(path, { highWaterMark: CHUNK_BYTES })) hash.update(chunk)
  return hash.digest('base64url')
}
