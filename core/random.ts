// Seeded randomness, passed in so that any run can be repeated.

/** A number in [0, 1). */
export type Random = () => number

/** Mulberry32: small, fast, good enough for schedules and simulators; never for secrets. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}

/** 128 random bits in UUID form (version 4) from the given generator. */
export function randomUuid(random: Random): string {
  const hex = Array.from({ length: 32 }, (_, i) => {
    const digit = Math.floor(random() * 16)
    return (i === 12 ? 4 : i === 16 ? (digit & 3) | 8 : digit).toString(16)
  }).join('')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}
