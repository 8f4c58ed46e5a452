// A 64-bit content hash in two unsigned 32-bit halves: fast, without BigInt, equal on every machine. Not for secrets.
// Two murmur3 (x86, 32 bit) with different seeds; for "is this the content I have seen?", where 64 bits are enough.

/** Owned and overwritten by its holder, so that hashing a record allocates nothing. */
export class Hash64 {
  high = 0
  low = 0

  bytes(buffer: Buffer, start = 0, end = buffer.length): this {
    this.high = murmurOfBytes(buffer, start, end, HIGH_SEED)
    this.low = murmurOfBytes(buffer, start, end, LOW_SEED)
    return this
  }

  /** Of the text's UTF-16 code units. */
  text(text: string): this {
    this.high = murmurOfText(text, HIGH_SEED)
    this.low = murmurOfText(text, LOW_SEED)
    return this
  }
}

const HIGH_SEED = 0x9747b28c
const LOW_SEED = 0x3c6ef372

function murmurOfBytes(buffer: Buffer, start: number, end: number, seed: number): number {
  let hash = seed
  let at = start
  for (; at + 4 <= end; at += 4) hash = mix(hash, buffer.readInt32LE(at))
  let tail = 0
  for (let i = end - 1; i >= at; i--) tail = (tail << 8) | buffer.readUInt8(i)
  return finish(end > at ? hash ^ scramble(tail) : hash, end - start)
}

function murmurOfText(text: string, seed: number): number {
  let hash = seed
  const even = text.length & ~1
  for (let i = 0; i < even; i += 2) hash = mix(hash, text.charCodeAt(i) | (text.charCodeAt(i + 1) << 16))
  return finish(text.length > even ? hash ^ scramble(text.charCodeAt(even)) : hash, text.length * 2)
}

function scramble(block: number): number {
  const spread = Math.imul(block, 0xcc9e2d51)
  return Math.imul((spread << 15) | (spread >>> 17), 0x1b873593)
}

function mix(hash: number, block: number): number {
  const mixed = hash ^ scramble(block)
  return (Math.imul((mixed << 13) | (mixed >>> 19), 5) + 0xe6546b64) | 0
}

function finish(hash: number, length: number): number {
  let mixed = hash ^ length
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return (mixed ^ (mixed >>> 16)) >>> 0
}
