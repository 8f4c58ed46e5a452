// The windows that are not final yet, in memory, by start: what closing looks through. Rebuilt from the store after a restart.
import type { KeyIdentities, KeyIdentity } from './key-identity.ts'

export class OpenWindows<K> {
  private readonly identities: KeyIdentities<K>
  private readonly closesAt: (start: number) => number
  private readonly byStart = new Map<number, Map<KeyIdentity, K>>()
  /** No open window closes before this. */
  private nextClose = Number.POSITIVE_INFINITY

  constructor(identities: KeyIdentities<K>, closesAt: (start: number) => number) {
    this.identities = identities
    this.closesAt = closesAt
  }

  add(key: K, start: number): void {
    let keys = this.byStart.get(start)
    if (keys === undefined) {
      keys = new Map()
      this.byStart.set(start, keys)
      this.nextClose = Math.min(this.nextClose, this.closesAt(start))
    }
    keys.set(this.identities.of(key), key)
  }

  remove(key: K, start: number): void {
    this.byStart.get(start)?.delete(this.identities.of(key))
  }

  /** Takes out the starts of the windows that close at `watermark` or before, with their keys, earliest first. */
  takeClosed(watermark: number): { readonly start: number; readonly keys: readonly K[] }[] {
    if (watermark < this.nextClose) return []
    const closed = [...this.byStart]
      .filter(([start]) => this.closesAt(start) <= watermark)
      .sort(([a], [b]) => a - b)
      .map(([start, keys]) => ({ start, keys: [...keys.values()] }))
    for (const { start } of closed) this.byStart.delete(start)
    this.nextClose = Math.min(Number.POSITIVE_INFINITY, ...[...this.byStart.keys()].map(this.closesAt))
    return closed
  }
}
