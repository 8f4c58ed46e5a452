// Snappy, to read only: the raw block format, and the frame that Kafka's Java clients put around blocks (xerial).
import { StreamsError } from '../../core/errors.ts'

const xerialMagic = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0])
/** Magic and two version numbers; then each block with its length in front. */
const xerialHeaderBytes = 16

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

function decompressBlock(source: Buffer, bytesMax: number): Buffer {
  const cursor = { at: 0 }
  const length = readLength(source, cursor)
  if (length > bytesMax) throw damaged(`a block claims ${length} bytes`)
  const target = Buffer.allocUnsafe(length)
  let filled = 0
  while (cursor.at < source.length) {
    const tag = source.readUInt8(cursor.at++)
    filled = (tag & 3) === 0 ? literal(source, cursor, tag, target, filled) : copy(source, cursor, tag, target, filled)
  }
  if (filled !== length) throw damaged(`a block has ${filled} of ${length} bytes`)
  return target
}

interface Cursor {
  at: number
}

function readLength(source: Buffer, cursor: Cursor): number {
  let length = 0
  for (let scale = 1; scale <= 2 ** 28; scale *= 128) {
    const next = source.readUInt8(cursor.at++)
    length += (next & 127) * scale
    if (next < 128) return length
  }
  throw damaged('a length is longer than 5 bytes')
}

/** Bytes as they are. Lengths up to 60 are in the tag, longer ones in 1 to 4 bytes behind it. */
function literal(source: Buffer, cursor: Cursor, tag: number, target: Buffer, filled: number): number {
  const extra = (tag >> 2) - 59
  const length = (extra <= 0 ? tag >> 2 : source.readUIntLE(cursor.at, extra)) + 1
  if (extra > 0) cursor.at += extra
  const end = cursor.at + length
  if (end > source.length || filled + length > target.length) throw damaged('a literal runs over the end')
  source.copy(target, filled, cursor.at, end)
  cursor.at = end
  return filled + length
}

/** Bytes that stood some way back already; they may reach into what is being written. */
function copy(source: Buffer, cursor: Cursor, tag: number, target: Buffer, filled: number): number {
  const isShort = (tag & 3) === 1
  const length = isShort ? ((tag >> 2) & 7) + 4 : (tag >> 2) + 1
  const offsetBytes = isShort ? 1 : (tag & 3) === 2 ? 2 : 4
  const low = source.readUIntLE(cursor.at, offsetBytes)
  cursor.at += offsetBytes
  const offset = isShort ? ((tag >> 5) << 8) | low : low
  if (offset === 0 || offset > filled || filled + length > target.length) throw damaged('a copy points outside')
  if (offset >= length) target.copy(target, filled, filled - offset, filled - offset + length)
  else for (let i = 0; i < length; i++) target[filled + i] = target[filled + i - offset] as number // both are within the bounds just checked
  return filled + length
}

const damaged = (what: string) => new StreamsError('corrupt_batch', `snappy records are damaged: ${what}`)
