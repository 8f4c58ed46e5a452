// The windows that are not final yet, in memory, by start: what closing looks through.
import type { OpenSpan } from '../operator.ts'
import type { KeyIdentities, KeyIdentity } from './key-identity.ts'

export interface ClosedWindows<K> {
  readonly start: number
  readonly keys: readonly K[]
}

export class OpenWindows<K> {
  private readonly identities: KeyIdentities<K>
  private readonly closesAt: (start: number) => number
  private readonly byStart = new Map<number, Map<KeyIdentity, K>>()
  /** No open window starts before the first or after the last. */
  private first = Number.POSITIVE_INFINITY
  private last = Number.NEGATIVE_INFINITY

  constructor(identities: KeyIdentities<K>, closesAt: (start: number) => number) {
    this.identities = identities
    this.closesAt = closesAt
  }

  get count(): number {
    let count = 0
    for (const keys of this.byStart.values()) count += keys.size
    return count
  }

  add(key: K, start: number): void {
    let keys = this.byStart.get(start)
    if (keys === undefined) {
      keys = new Map()
      this.byStart.set(start, keys)
      this.include(start)
    }
    keys.set(this.identities.of(key), key)
  }

  remove(key: K, start: number): void {
    this.byStart.get(start)?.delete(this.identities.of(key))
  }

  /** Takes out windows that close at `watermark` or before and begin before `before`, earliest first, `most` of them at most. */
  takeClosed(
    watermark: number,
    { before, most }: { readonly before: number; readonly most: number },
  ): ClosedWindows<K>[] {
    if (this.first >= before || watermark < this.closesAt(this.first)) return []
    const due = [...this.byStart]
      .filter(([start]) => start < before && this.closesAt(start) <= watermark)
      .sort(([a], [b]) => a - b)
    const closed: ClosedWindows<K>[] = []
    let left = most
    for (const [start, windows] of due) {
      if (left === 0) break
      const keys = takeFirst(windows, left)
      if (windows.size === 0) this.byStart.delete(start)
      closed.push({ start, keys })
      left -= keys.length
    }
    this.first = Number.POSITIVE_INFINITY
    this.last = Number.NEGATIVE_INFINITY
    for (const start of this.byStart.keys()) this.include(start)
    return closed
  }

  span(): OpenSpan | null {
    return this.first <= this.last ? { first: this.first, last: this.last } : null
  }

  private include(start: number): void {
    this.first = Math.min(this.first, start)
    this.last = Math.max(this.last, start)
  }
}

function takeFirst<K>(windows: Map<KeyIdentity, K>, most: number): K[] {
  const keys: K[] = []
  for (const [identity, key] of windows) {
    if (keys.length === most) break
    keys.push(key)
    windows.delete(identity)
  }
  return keys
}
