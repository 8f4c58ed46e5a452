// Seeds that have once shown a violation: run for ever, before any new one.
export const keptSeeds: readonly number[] = []
