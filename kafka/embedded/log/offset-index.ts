// A sparse index of one segment: where in the file to begin looking for an offset.

/** Bytes between two entries; a reader reads over at most this much before it meets its offset. */
const intervalBytes = 32 * 1024

export class OffsetIndex {
  private readonly offsets: number[] = []
  private readonly positions: number[] = []

  /** Tells of a batch; called for every batch in order, keeps one per interval. */
  note(baseOffset: number, position: number): void {
    const last = this.positions.at(-1)
    if (last !== undefined && position - last < intervalBytes) return
    this.offsets.push(baseOffset)
    this.positions.push(position)
  }

  /** The last known position at or before the batch that holds `offset`. */
  floor(offset: number): number {
    let low = 0
    let high = this.offsets.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.offsets[middle] ?? 0) <= offset) low = middle + 1
      else high = middle
    }
    return this.positions[low - 1] ?? 0
  }

  entries(): [offset: number, position: number][] {
    return this.offsets.map((offset, i) => [offset, this.positions[i] ?? 0])
  }

  static of(entries: readonly (readonly [offset: number, position: number])[]): OffsetIndex {
    const index = new OffsetIndex()
    for (const [offset, position] of entries) {
      index.offsets.push(offset)
      index.positions.push(position)
    }
    return index
  }
}
