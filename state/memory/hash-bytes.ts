// The hash of key bytes: 32 bits, all of them well mixed, never 0 (0 marks an empty slot).

export type HashBytes = (bytes: Buffer, start: number, end: number) => number

/** FNV-1a with Murmur3's finish: keys are short, so a byte at a time is as fast as anything else. */
export const hashBytes: HashBytes = (bytes, start, end) => {
  let hash = -2128831035
  for (let i = start; i < end; i++) hash = Math.imul(hash ^ (bytes[i] as number), 16777619)
  hash = Math.imul(hash ^ (hash >>> 16), -2048144789)
  hash = Math.imul(hash ^ (hash >>> 13), -1028477387)
  hash ^= hash >>> 16
  return hash === 0 ? 1 : hash
}
