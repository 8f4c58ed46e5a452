// The windows that are not final yet, in memory, by start: what closing looks through.
import type { OpenSpan } from '../operator.ts'
import type { KeyIdentities, KeyIdentity } from './key-identity.ts'

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

  /** Takes out the starts of the windows that close at `watermark` or before, with their keys, earliest first. */
  takeClosed(watermark: number): { readonly start: number; readonly keys: readonly K[] }[] {
    if (this.span() === null || watermark < this.closesAt(this.first)) return []
    const closed = [...this.byStart]
      .filter(([start]) => this.closesAt(start) <= watermark)
      .sort(([a], [b]) => a - b)
      .map(([start, keys]) => ({ start, keys: [...keys.values()] }))
    for (const { start } of closed) this.byStart.delete(start)
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
