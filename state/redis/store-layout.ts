// Which hash an entry lies in: one for a store by key, one per UTC day of window start for a window store, so that a hash holds what closes together.
//
//   map:cases            day:2024-06-01:hourly-volume
import { assert } from '../../core/assert.ts'
import type { StartRange } from '../backend.ts'
import type { StoreDefinition } from '../definitions.ts'
import { readStart, SEGMENT_MS, START_BYTES } from '../window-store.ts'

export class StoreLayout {
  private readonly named: ReadonlySet<string>
  private readonly windowed: Set<string>
  /** The day asked for last and its name: keys of a day mostly come together. */
  private day = Number.NaN
  private dayName = ''

  constructor(stores: readonly StoreDefinition[]) {
    this.named = new Set(stores.map(({ name }) => name))
    this.windowed = new Set(stores.filter(({ kind }) => kind === 'window store').map(({ name }) => name))
  }

  hashName(store: string, key: Buffer, keyStart: number, keyEnd: number): string {
    if (!this.windowed.has(store)) return `map:${store}`
    assert(keyEnd - keyStart >= START_BYTES, `a key of window store ${store} ends with its start`)
    const day = Math.floor(readStart(key, keyEnd - START_BYTES) / SEGMENT_MS)
    if (day !== this.day) {
      this.day = day
      this.dayName = nameOfDay(day)
    }
    return `day:${this.dayName}:${store}`
  }

  /**
   * Learns from a claimed copy how stores lie that the topology does not name (any more).
   * Returns false when a store lies otherwise than its kind asks for: it was redefined.
   */
  learn(hashNames: Iterable<string>): boolean {
    for (const name of hashNames) {
      const store = storeOf(name)
      const isWindowed = name.startsWith('day:')
      if (!this.named.has(store) && isWindowed) this.windowed.add(store)
      if (this.windowed.has(store) !== isWindowed) return false
    }
    return true
  }
}

export function storeOf(hashName: string): string {
  const start = hashName.startsWith('day:') ? hashName.indexOf(':', 'day:'.length) : hashName.indexOf(':')
  return hashName.slice(start + 1)
}

/** Whether some window that begins in the range lies in this hash. */
export function mayHold(hashName: string, { from, to }: StartRange): boolean {
  const dayName = hashName.slice('day:'.length, hashName.indexOf(':', 'day:'.length))
  const start = /^-?\d+$/.test(dayName) ? Number(dayName) * SEGMENT_MS : Date.parse(dayName)
  return start < to && from < start + SEGMENT_MS
}

/** `2024-06-01`; a day outside the calendar by its number. */
function nameOfDay(day: number): string {
  const date = new Date(day * SEGMENT_MS)
  return Number.isNaN(date.getTime()) ? `${day}` : date.toISOString().slice(0, -'T00:00:00.000Z'.length)
}
