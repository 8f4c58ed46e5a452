// What happened to the records of one task: counts per node, over the data's whole life. They are committed with the marker,
// so that a killed and resumed run reports what an uninterrupted one does.
import type { Outcome } from '../processors/operator.ts'

export type Counted = Outcome | 'in' | 'out' | `dead_letter:${string}`

export class Accounting {
  private readonly counts = new Map<string, Map<string, number>>()

  constructor(committed: Readonly<Record<string, number>> = {}) {
    for (const [key, count] of Object.entries(committed)) {
      const { node, what } = splitCount(key)
      this.of(node).set(what, count)
    }
  }

  add(node: string, what: Counted, by = 1): void {
    const counts = this.of(node)
    counts.set(what, (counts.get(what) ?? 0) + by)
  }

  /** `node/what` → count; what the marker carries. */
  totals(): Record<string, number> {
    const totals: Record<string, number> = {}
    for (const [node, counts] of this.counts) for (const [what, count] of counts) totals[`${node}/${what}`] = count
    return totals
  }

  private of(node: string): Map<string, number> {
    const counts = this.counts.get(node) ?? new Map<string, number>()
    this.counts.set(node, counts)
    return counts
  }
}

/** Splits a key of `totals()`. Node names may hold slashes; outcomes do not. */
export function splitCount(key: string): { node: string; what: string } {
  const cut = key.lastIndexOf('/')
  return { node: key.slice(0, cut), what: key.slice(cut + 1) }
}
