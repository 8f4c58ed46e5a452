// Snappy as Kafka's clients write it: raw blocks, or blocks in the frame of Java's (xerial).
import { compressSync, uncompressSync } from 'snappy'
import { StreamsError } from '../../core/errors.ts'

const xerialMagic = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0])
/** Magic and two version numbers; then each block with its length in front. */
const xerialHeaderBytes = 16

/** One raw block, which every client reads. */
export function compressSnappy(records: Buffer): Buffer {
  return compressSync(records)
}

export function decompressSnappy(source: Buffer, bytesMax: number): Buffer {
  if (!source.subarray(0, xerialMagic.length).equals(xerialMagic)) return decompressBlock(source, bytesMax)
  const blocks: Buffer[] = []
  let left = bytesMax
  for (let at = xerialHeaderBytes; at < source.length; ) {
    const end = at + 4 + source.readInt32BE(at)
    if (end > source.length || end < at + 4) throw damaged('a block runs over the end')
    const block = decompressBlock(source.subarray(at + 4, end), left)
    left -= block.length
    blocks.push(block)
    at = end
  }
  return Buffer.concat(blocks)
}

/** What a block will take stands at its beginning: nothing is allocated for a claim beyond the limit. */
function decompressBlock(source: Buffer, bytesMax: number): Buffer {
  const length = claimedLength(source)
  if (length > bytesMax) throw damaged(`a block claims ${length} bytes`)
  return Buffer.from(uncompressSync(source))
}

function claimedLength(source: Buffer): number {
  let length = 0
  for (let at = 0; at < 5; at++) {
    const next = source.readUInt8(at)
    length += (next & 127) * 128 ** at
    if (next < 128) return length
  }
  throw damaged('a length is longer than 5 bytes')
}

const damaged = (what: string) => new StreamsError('corrupt_batch', `snappy records are damaged: ${what}`)
