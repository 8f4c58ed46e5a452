// Which partition a key belongs to: murmur2 exactly as in Java's default partitioner, so that both write a key to the same place.

const multiplier = 0x5bd1e995

/** `buffer[start, end)` is the key; null keys have no partition of their own and are the caller's business. */
export function partitionFor(buffer: Buffer, start: number, end: number, partitions: number): number {
  return (murmur2(buffer, start, end) & 0x7fffffff) % partitions
}

/** The 32-bit hash as Java's signed int. */
export function murmur2(buffer: Buffer, start: number, end: number): number {
  const length = end - start
  const tail = start + (length & ~3)
  let hash = 0x9747b28c ^ length
  for (let at = start; at < tail; at += 4) {
    const word = Math.imul(buffer.readInt32LE(at), multiplier)
    hash = Math.imul(hash, multiplier) ^ Math.imul(word ^ (word >>> 24), multiplier)
  }
  if (end > tail) {
    for (let at = end - 1; at >= tail; at--) hash ^= buffer.readUInt8(at) << ((at - tail) * 8)
    hash = Math.imul(hash, multiplier)
  }
  hash = Math.imul(hash ^ (hash >>> 13), multiplier)
  return hash ^ (hash >>> 15)
}
