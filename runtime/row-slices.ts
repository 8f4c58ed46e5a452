// A batch in slices: so few rows that what one step makes of them is still in the processor's cache when the next one reads it, and dies young.
import type { Rows } from './input.ts'

export const SLICE_ROWS = 128

/** `count` rows, at most `rowsMax` at a time. */
export function* slicesOf(count: number, rowsMax = SLICE_ROWS): Generator<Rows> {
  for (let from = 0; from < count; from += rowsMax) yield { from, end: Math.min(count, from + rowsMax) }
}
