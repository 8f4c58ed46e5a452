import { expect, test } from 'vitest'
import { bothLevels, type CompatibilityLevel } from '../../../serdes/registry/compatibility-level.ts'

test.each<[CompatibilityLevel, string, CompatibilityLevel]>([
  ['BACKWARD', 'NONE', 'BACKWARD'],
  ['BACKWARD', 'BACKWARD', 'BACKWARD'],
  ['BACKWARD', 'BACKWARD_TRANSITIVE', 'BACKWARD_TRANSITIVE'],
  ['BACKWARD', 'FORWARD', 'FULL'],
  ['BACKWARD', 'FORWARD_TRANSITIVE', 'FULL_TRANSITIVE'],
  ['BACKWARD', 'FULL', 'FULL'],
  ['BACKWARD', 'FULL_TRANSITIVE', 'FULL_TRANSITIVE'],
  ['FULL_TRANSITIVE', 'BACKWARD', 'FULL_TRANSITIVE'],
  ['FORWARD', 'FORWARD', 'FORWARD'],
  ['NONE', 'NONE', 'NONE'],
  ['NONE', 'FORWARD', 'FORWARD'],
  ['BACKWARD', 'one of tomorrow', 'BACKWARD'],
])('%s and %s together are %s', (one, other, both) => {
  expect(bothLevels(one, other)).toBe(both)
})
