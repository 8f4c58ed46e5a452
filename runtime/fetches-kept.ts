// What the look at a changelog (S1) has fetched of decided records, for the restore (S6): often it begins at the same place, and what is decided stays.
import type { FetchedPartition } from '../kafka/cluster.ts'

/** Of one task; up to 16 are opened at a time. What is beyond it is fetched again. */
const BYTES_MAX = 4 * 1024 * 1024

export class FetchesKept {
  private readonly byPosition = new Map<number, FetchedPartition>()
  private byteLength = 0

  /** What a committed reader was given at a position; it is copied. */
  keep(position: number, fetched: FetchedPartition): void {
    const { batches } = fetched
    if (this.byPosition.has(position) || this.byteLength + batches.length > BYTES_MAX) return
    this.byteLength += batches.length
    this.byPosition.set(position, { ...fetched, batches: Buffer.from(batches) })
  }

  /** Each is given back once. */
  take(position: number): FetchedPartition | undefined {
    const kept = this.byPosition.get(position)
    this.byPosition.delete(position)
    this.byteLength -= kept?.batches.length ?? 0
    return kept
  }
}
