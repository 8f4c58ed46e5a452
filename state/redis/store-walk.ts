// A way through the hashes of one store, some entries at a time. It is believed only if it met as many entries as were counted: Redis forgets
// where a walk stood when it starts again or gives way to a replica, and whoever goes on from there may miss some.
import { StateCorrupted } from '../../core/errors.ts'
import type { StartRange, StateWalk, VisitEntry, WalkStep } from '../backend.ts'
import { ByteTable } from '../memory/byte-table.ts'
import { beginsWithin } from '../window-store.ts'
import type { RedisConnection } from './redis-connection.ts'
import { mayHold, storeOf } from './store-layout.ts'
import { readCounts } from './stored-checkpoint.ts'

export interface StoreWalkParts {
  readonly connection: RedisConnection
  /** Of the checkpoint. */
  readonly key: string
  readonly store: string
  readonly starts: StartRange | undefined
  /** Moves with everything that the owner writes to the store, and with every claim. */
  readonly writes: () => number
  readonly name: string
}

interface Place {
  readonly writes: number
  /** A flush was under way, or was torn: what was counted may not be what is there. */
  readonly isFlushing: boolean
  readonly generation: string
  /** The rest of the hashes, the first of which the walk is in. */
  hashes: readonly { readonly hashName: string; readonly entries: number }[]
  cursor: string
  /** In this hash; Redis may name an entry twice while its hash grows or shrinks. */
  met: ByteTable
}

const SCAN_COUNT = 2_000

export class StoreWalk implements StateWalk {
  private readonly parts: StoreWalkParts
  private place: Place | undefined

  constructor(parts: StoreWalkParts) {
    this.parts = parts
  }

  async next(most: number, visit: VisitEntry): Promise<WalkStep> {
    if (this.place?.writes !== this.parts.writes()) this.place = await this.begin()
    const { place } = this
    let looked = 0
    while (place.hashes.length > 0 && looked < most) {
      looked += await this.step(place, Math.min(SCAN_COUNT, most - looked), visit)
      if (place.cursor === '0') this.endHash(place)
    }
    return { looked, isAtEnd: place.hashes.length === 0 }
  }

  private async begin(): Promise<Place> {
    const { connection, key, store, starts, writes } = this.parts
    const begunAt = writes()
    const fields = await connection.allFields(key)
    const hashes = readCounts(fields).filter(
      ({ hashName }) => storeOf(hashName) === store && (starts === undefined || mayHold(hashName, starts)),
    )
    return {
      writes: begunAt,
      isFlushing: String(fields.get('chunk')) !== '0',
      generation: String(fields.get('generation')),
      ...{ hashes, cursor: '0', met: new ByteTable() },
    }
  }

  private async step(place: Place, count: number, visit: VisitEntry): Promise<number> {
    const { connection, key } = this.parts
    const hash = `${key}:${place.generation}:${place.hashes[0]?.hashName}`
    const [next, entries] = await connection.scan(hash, place.cursor, count)
    for (let i = 0; i + 1 < entries.length; i += 2) {
      const [entry, value] = [entries[i], entries[i + 1]]
      if (entry === undefined || value === undefined || place.met.find(entry, 0, entry.length)) continue
      place.met.put(entry, 0, entry.length, entry, 0, 0)
      this.visitWanted(entry, value, visit)
    }
    place.cursor = next
    return entries.length / 2
  }

  private visitWanted(key: Buffer, value: Buffer, visit: VisitEntry): void {
    const { starts } = this.parts
    if (starts === undefined || beginsWithin(starts, key, key.length)) visit(key, value)
  }

  /** @throws StateCorrupted when the hash has more or fewer entries than were counted and nobody was writing. */
  private endHash(place: Place): void {
    const [hash, ...others] = place.hashes
    const { writes, name } = this.parts
    if (hash !== undefined && hash.entries !== place.met.count && !place.isFlushing && place.writes === writes())
      throw new StateCorrupted(
        'state_mismatch',
        `${name} has ${place.met.count} of ${hash.entries} entries in ${hash.hashName}`,
      )
    place.hashes = others
    place.met = new ByteTable()
  }
}
