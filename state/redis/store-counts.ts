// How much each store of a claimed task holds, kept beside Redis' own counts so that asking needs no round trip.
import { storeOf } from './store-layout.ts'
import type { HashCounts } from './stored-checkpoint.ts'

interface Counts {
  entries: number
  bytes: number
}

export class StoreCounts {
  private readonly byStore = new Map<string, Counts>()

  reset(hashes: readonly HashCounts[]): void {
    this.byStore.clear()
    for (const { hashName, entries, bytes } of hashes) this.addTo(hashName, entries, bytes)
  }

  /** What an apply script answers: entries and bytes for each of its hashes. */
  add(hashNames: readonly string[], added: readonly number[]): void {
    for (const [i, hashName] of hashNames.entries()) this.addTo(hashName, added[2 * i] ?? 0, added[2 * i + 1] ?? 0)
  }

  entries(store: string): number {
    return this.byStore.get(store)?.entries ?? 0
  }

  /** Of keys and values, without what Redis needs to hold them. */
  bytes(store: string): number {
    return this.byStore.get(store)?.bytes ?? 0
  }

  private addTo(hashName: string, entries: number, bytes: number): void {
    const store = storeOf(hashName)
    const counts = this.byStore.get(store) ?? { entries: 0, bytes: 0 }
    counts.entries += entries
    counts.bytes += bytes
    this.byStore.set(store, counts)
  }
}
