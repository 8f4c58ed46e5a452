// From hashes to positions: extendible hashing, so that the index grows by small segments and never copies itself at once.
//
//   directory (2^depth entries, by the low bits)      segment: open addressing over [hash, position] pairs
//   ..00 ─┬──────────────────────────────▶ ┌──────────────────────────────┐
//   ..10 ─┘                                │ h p │     │ h p │ h p │      │  up to 4,096 slots, at most 3/4 full;
//   ..01 ────────▶ …   ..11 ────────▶ …    └──────────────────────────────┘  then it splits in two by one more bit
//
// The whole hash is kept, so growing and deleting never look at the keys. Comparing keys is left to the caller, who walks the candidates.

export const NOWHERE = -1

const SLOTS_MIN = 16
const SLOTS_MAX = 4096
/** Beyond this a segment doubles instead: equal hashes cannot be split. */
const DEPTH_MAX = 16

class Segment {
  readonly depth: number
  /** [hash, position] pairs; hash 0 is empty. */
  slots: Int32Array
  mask: number
  used = 0

  constructor(depth: number, slotCount: number) {
    this.depth = depth
    this.slots = new Int32Array(slotCount * 2)
    this.mask = slotCount - 1
  }

  get isFull(): boolean {
    return this.used * 4 >= (this.mask + 1) * 3
  }

  add(hash: number, position: number): void {
    let slot = (hash >>> 16) & this.mask
    while (this.slots[slot * 2] !== 0) slot = (slot + 1) & this.mask
    this.slots[slot * 2] = hash
    this.slots[slot * 2 + 1] = position
    this.used++
  }

  double(): void {
    const before = this.slots
    this.slots = new Int32Array(before.length * 2)
    this.mask = before.length - 1
    this.used = 0
    for (let i = 0; i < before.length; i += 2) {
      if (before[i] !== 0) this.add(before[i] as number, before[i + 1] as number)
    }
  }

  /** Empties a slot and moves up what had to step over it, so that there are no marks of deleted entries. */
  remove(slot: number): void {
    let hole = slot
    for (let next = (slot + 1) & this.mask; this.slots[next * 2] !== 0; next = (next + 1) & this.mask) {
      const home = ((this.slots[next * 2] as number) >>> 16) & this.mask
      if (((next - home) & this.mask) < ((next - hole) & this.mask)) continue
      this.slots[hole * 2] = this.slots[next * 2] as number
      this.slots[hole * 2 + 1] = this.slots[next * 2 + 1] as number
      hole = next
    }
    this.slots[hole * 2] = 0
    this.used--
  }
}

export class HashIndex {
  count = 0
  private directory: Segment[] = [new Segment(0, SLOTS_MIN)]
  // The candidate that `first` or `next` returned last.
  private hash = 0
  private segment: Segment = this.directory[0] as Segment
  private slot = 0

  /** Position of the first entry with this hash, or NOWHERE. */
  first(hash: number): number {
    this.hash = hash
    this.segment = this.segmentOf(hash)
    this.slot = (hash >>> 16) & this.segment.mask
    return this.candidate()
  }

  /** The next one with the same hash; nothing may be added in between. */
  next(): number {
    this.slot = (this.slot + 1) & this.segment.mask
    return this.candidate()
  }

  /** The candidate returned last now lies elsewhere. */
  move(position: number): void {
    this.segment.slots[this.slot * 2 + 1] = position
  }

  /** Forgets the candidate returned last. */
  remove(): void {
    this.segment.remove(this.slot)
    this.count--
  }

  add(hash: number, position: number): void {
    let segment = this.segmentOf(hash)
    while (segment.isFull) {
      if (segment.mask + 1 < SLOTS_MAX || segment.depth === DEPTH_MAX) segment.double()
      else this.split(segment, hash)
      segment = this.segmentOf(hash)
    }
    segment.add(hash, position)
    this.count++
  }

  get byteLength(): number {
    let bytes = this.directory.length * 8
    this.forEachSegment((segment) => {
      bytes += segment.slots.byteLength
    })
    return bytes
  }

  /** Forgets everything; the segments stay for what comes next. */
  clear(): void {
    this.forEachSegment((segment) => {
      segment.slots.fill(0)
      segment.used = 0
    })
    this.count = 0
  }

  private candidate(): number {
    const { slots, mask } = this.segment
    for (let slot = this.slot; ; slot = (slot + 1) & mask) {
      const found = slots[slot * 2] as number
      if (found !== this.hash && found !== 0) continue
      this.slot = slot
      return found === 0 ? NOWHERE : (slots[slot * 2 + 1] as number)
    }
  }

  private segmentOf(hash: number): Segment {
    return this.directory[hash & (this.directory.length - 1)] as Segment
  }

  private split(segment: Segment, hash: number): void {
    if (1 << segment.depth === this.directory.length) this.directory = this.directory.concat(this.directory)
    const bit = 1 << segment.depth
    const halves = [new Segment(segment.depth + 1, SLOTS_MAX), new Segment(segment.depth + 1, SLOTS_MAX)] as const
    for (let i = 0; i < segment.slots.length; i += 2) {
      const moved = segment.slots[i] as number
      if (moved !== 0) halves[(moved & bit) === 0 ? 0 : 1].add(moved, segment.slots[i + 1] as number)
    }
    for (let i = hash & (bit - 1); i < this.directory.length; i += bit) {
      this.directory[i] = halves[(i & bit) === 0 ? 0 : 1]
    }
  }

  /** Each segment once: at the entry that equals its own low bits. */
  private forEachSegment(visit: (segment: Segment) => void): void {
    for (let i = 0; i < this.directory.length; i++) {
      const segment = this.directory[i] as Segment
      if (i < 1 << segment.depth) visit(segment)
    }
  }
}
