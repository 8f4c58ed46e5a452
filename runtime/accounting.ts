// What happened to the records of one task: counts per node, over the data's whole life. They are committed with the marker,
// so that a killed and resumed run reports what an uninterrupted one does.
import type { Outcome } from '../processors/operator.ts'

export type Counted = Outcome | 'in' | 'out' | `dead_letter:${string}`

export interface NewCount {
  readonly node: string
  readonly what: string
  readonly by: number
}

interface Count {
  total: number
  /** The part of it that `takeNew` has told. */
  told: number
}

export class Accounting {
  private readonly counts = new Map<string, Map<string, Count>>()

  constructor(committed: Readonly<Record<string, number>> = {}) {
    for (const [key, count] of Object.entries(committed)) {
      const { node, what } = splitCount(key)
      this.of(node).set(what, { total: count, told: count })
    }
  }

  add(node: string, what: Counted, by = 1): void {
    const counts = this.of(node)
    const count = counts.get(what)
    if (count === undefined) counts.set(what, { total: by, told: 0 })
    else count.total += by
  }

  /** `node/what` → count; what the marker carries. */
  totals(): Record<string, number> {
    const totals: Record<string, number> = {}
    for (const [node, counts] of this.counts) for (const [what, { total }] of counts) totals[`${node}/${what}`] = total
    return totals
  }

  /** What has been counted since the last call; what was committed before belongs to whoever ran the task then. */
  takeNew(): NewCount[] {
    const fresh: NewCount[] = []
    for (const [node, counts] of this.counts)
      for (const [what, count] of counts) {
        if (count.total > count.told) fresh.push({ node, what, by: count.total - count.told })
        count.told = count.total
      }
    return fresh
  }

  private of(node: string): Map<string, Count> {
    let counts = this.counts.get(node)
    if (counts === undefined) {
      counts = new Map()
      this.counts.set(node, counts)
    }
    return counts
  }
}

/** Splits a key of `totals()`. Node names may hold slashes; outcomes do not. */
export function splitCount(key: string): { node: string; what: string } {
  const cut = key.lastIndexOf('/')
  return { node: key.slice(0, cut), what: key.slice(cut + 1) }
}
