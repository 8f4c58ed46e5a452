// Who has written to a changelog, and who of them may still commit there (exactly-once.md §2, S1, S2 and S4).
import type { Writer } from '../state/backend.ts'

export interface LogEntry {
  readonly kind: 'fence' | 'marker' | 'release'
  readonly offset: number
  readonly writer: Writer
  /** False: its transaction may still be open. */
  readonly decided: boolean
  /** A deleted fence (a tombstone) names a writer that somebody has fenced. */
  readonly deleted: boolean
}

export interface Remembered {
  readonly writer: Writer
  /** Its last record lies before this offset. */
  readonly before: number
}

export class WritersSeen {
  private readonly me: string
  private readonly incarnations = new Map<string, number>()
  /** Incarnations up to this one are dead. */
  private readonly fencedUpTo = new Map<string, number>()
  /** Offset of a writer's committed release, if it is its last record: what lies before it is settled. */
  private readonly releases = new Map<string, number>()
  private readonly fences = new Map<string, Writer>()
  /**
   * The fence of an owner that has committed since. It has settled what others wrote before it, and they are left in peace: by now they may
   * work on other tasks, and to fence them would end those too.
   */
  private owner: { readonly transactionalId: string; readonly fence: number } | undefined

  constructor(me: string) {
    this.me = me
  }

  see(entries: readonly LogEntry[], remembered: Remembered | undefined): void {
    const lastRelease = new Map<string, number>()
    this.findOwner(entries)
    for (const entry of entries) {
      const { kind, writer, offset, decided, deleted } = entry
      if (writer.transactionalId === this.me) continue
      if (kind === 'fence' && !deleted) this.fences.set(`${writer.transactionalId}:${writer.incarnation}`, writer)
      if (this.isSettledByOwner(entry)) continue
      this.saw(writer)
      lastRelease.set(writer.transactionalId, kind === 'release' && decided ? offset : -1)
    }
    if (remembered !== undefined) this.recall(remembered)
    for (const [id, offset] of lastRelease) {
      if (offset >= 0) this.releases.set(id, offset)
      else this.releases.delete(id)
    }
  }

  /** Those who may still commit. */
  unsettled(): string[] {
    return [...this.incarnations]
      .filter(([id, incarnation]) => !this.isFenced(id, incarnation) && !this.releases.has(id))
      .map(([id]) => id)
  }

  incarnationOf(transactionalId: string): number {
    return this.incarnations.get(transactionalId) ?? 0
  }

  fenced(transactionalId: string, incarnation: number): void {
    this.fencedUpTo.set(transactionalId, Math.max(incarnation, this.fencedUpTo.get(transactionalId) ?? 0))
  }

  settled(entries: readonly LogEntry[]): boolean {
    return entries.every((entry) => {
      const { offset, writer } = entry
      const { transactionalId, incarnation } = writer
      return (
        transactionalId === this.me ||
        this.isSettledByOwner(entry) ||
        this.isFenced(transactionalId, incarnation) ||
        (this.releases.get(transactionalId) ?? -1) >= offset
      )
    })
  }

  /** Fences that may be deleted: their writers are dead. */
  oldFences(): Writer[] {
    return [...this.fences.values()].filter(({ transactionalId, incarnation }) =>
      this.isFenced(transactionalId, incarnation),
    )
  }

  /** Whose marker is the last one, if the fence of that incarnation is still in the log. */
  private findOwner(entries: readonly LogEntry[]): void {
    const marker = entries.findLast(({ kind, decided }) => kind === 'marker' && decided)
    if (marker === undefined) return
    const { transactionalId, incarnation } = marker.writer
    const fence = entries.findLast(
      ({ kind, decided, deleted, offset, writer }) =>
        kind === 'fence' &&
        decided &&
        !deleted &&
        offset < marker.offset &&
        writer.transactionalId === transactionalId &&
        writer.incarnation === incarnation,
    )
    if (fence !== undefined && fence.offset > (this.owner?.fence ?? -1))
      this.owner = { transactionalId, fence: fence.offset }
  }

  /** A deleted fence is the word of whoever has ended its writer. */
  private isSettledByOwner({ kind, deleted, decided, writer, offset }: LogEntry): boolean {
    return (kind === 'fence' && deleted && decided) || this.isOfOthersBefore(writer, offset)
  }

  private isOfOthersBefore({ transactionalId }: Writer, offset: number): boolean {
    return this.owner !== undefined && transactionalId !== this.owner.transactionalId && offset < this.owner.fence
  }

  private recall({ writer, before }: Remembered): void {
    if (writer.transactionalId !== this.me && !this.isOfOthersBefore(writer, before - 1)) this.saw(writer)
  }

  private saw({ transactionalId, incarnation }: Writer): void {
    this.incarnations.set(transactionalId, Math.max(incarnation, this.incarnations.get(transactionalId) ?? 0))
  }

  private isFenced(transactionalId: string, incarnation: number): boolean {
    return (this.fencedUpTo.get(transactionalId) ?? 0) >= incarnation
  }
}
