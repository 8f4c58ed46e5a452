// What happened to the records of one task: counts per node, over the data's whole life. They are committed with the marker,
// so that a killed and resumed run reports what an uninterrupted one does.
import type { Outcome } from '../processors/operator.ts'

export type Counted = Outcome | 'in' | 'out' | `dead_letter:${string}`

export class Accounting {
  private readonly counts = new Map<string, number>()

  constructor(committed: Readonly<Record<string, number>> = {}) {
    for (const [key, count] of Object.entries(committed)) this.counts.set(key, count)
  }

  add(node: string, what: Counted, by = 1): void {
    const key = `${node}/${what}`
    this.counts.set(key, (this.counts.get(key) ?? 0) + by)
  }

  /** `node/what` → count; what the marker carries. */
  totals(): Record<string, number> {
    return Object.fromEntries(this.counts)
  }
}

/** Splits a key of `totals()`. Node names may hold slashes; outcomes do not. */
export function splitCount(key: string): { node: string; what: string } {
  const cut = key.lastIndexOf('/')
  return { node: key.slice(0, cut), what: key.slice(cut + 1) }
}
