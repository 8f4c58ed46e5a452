// The compatibility levels of a registry: which readers a new version must suit, the last one's or all before it.

export type CompatibilityLevel =
  | 'BACKWARD'
  | 'BACKWARD_TRANSITIVE'
  | 'FORWARD'
  | 'FORWARD_TRANSITIVE'
  | 'FULL'
  | 'FULL_TRANSITIVE'
  | 'NONE'

/** The mildest level that demands what both demand: FULL is BACKWARD and FORWARD. One that nobody knows demands nothing. */
export function bothLevels(one: CompatibilityLevel, other: string): CompatibilityLevel {
  const demands = (what: string) => one.includes(what) || other.includes(what)
  const backward = demands('BACKWARD') || demands('FULL')
  const forward = demands('FORWARD') || demands('FULL')
  if (!backward && !forward) return 'NONE'
  const direction = backward && forward ? 'FULL' : backward ? 'BACKWARD' : 'FORWARD'
  return demands('_TRANSITIVE') ? `${direction}_TRANSITIVE` : direction
}
