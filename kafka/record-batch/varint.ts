// Kafka's zigzag varints, exact for safe integers; the only code that runs several times per record.
import { StreamsError } from '../../core/errors.ts'

/**
 * Reads varints one after the other. Bytes behind the buffer's end read as 0, so callers check `position` against their bound
 * once per record instead of once per byte (hence the casts: an absent byte is harmless here).
 */
export class VarintCursor {
  position = 0

  read(buffer: Buffer): number {
    const first = buffer[this.position++] as number
    if (first < 128) return (first >>> 1) ^ -(first & 1)
    const second = buffer[this.position++] as number
    if (second < 128) {
      const zigzag = (first & 127) | (second << 7)
      return (zigzag >>> 1) ^ -(zigzag & 1)
    }
    return this.readLong(buffer, (first & 127) | ((second & 127) << 7))
  }

  private readLong(buffer: Buffer, lowBits: number): number {
    let zigzag = lowBits
    for (let scale = 16384; ; scale *= 128) {
      const next = buffer[this.position++] as number
      zigzag += (next & 127) * scale
      if (!(next > 127)) break
      if (scale > 2 ** 56) throw new StreamsError('corrupt_batch', 'a varint is longer than 10 bytes')
    }
    if (zigzag > Number.MAX_SAFE_INTEGER) throw new StreamsError('corrupt_batch', 'a varint is beyond 2^53')
    return zigzag % 2 === 0 ? zigzag / 2 : -(zigzag + 1) / 2
  }
}

/** How many bytes `value` takes. */
export function varintBytes(value: number): number {
  let rest = value < 0 ? -2 * value - 1 : 2 * value
  if (rest < 128) return 1
  if (rest < 16384) return 2
  let bytes = 2
  for (rest /= 16384; rest >= 1; rest /= 128) bytes++
  return bytes
}

/** Writes `value` at `position`, where there must be room, and returns the position behind it. */
export function writeVarint(buffer: Buffer, position: number, value: number): number {
  let at = position
  let rest = value < 0 ? -2 * value - 1 : 2 * value
  while (rest > 0x7fffffff) {
    buffer[at++] = (rest % 128) | 128
    rest = Math.floor(rest / 128)
  }
  while (rest > 127) {
    buffer[at++] = (rest & 127) | 128
    rest >>>= 7
  }
  buffer[at++] = rest
  return at
}
