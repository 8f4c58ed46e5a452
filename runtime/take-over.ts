// The take-over of a task (exactly-once.md §2, S1–S7): whoever wrote before is fenced, the log is claimed, the backend follows the log up to our fence.
// It leaves opening the task to worker.ts.
import { TaskFenced } from '../core/errors.ts'
import type { TaskId } from '../core/topic-partition.ts'
import type { Checkpoint, TaskState, Writer } from '../state/backend.ts'
import { decodeMarker } from './marker.ts'
import type { StepHook } from './steps.ts'
import type { Claim } from './task.ts'

/** What a take-over needs of its worker; each call is one request to the log or the backend. */
export interface TakeOverParts {
  readonly task: TaskId
  readonly state: TaskState
  readonly me: Writer
  readonly changelog: ChangelogAccess
  /** InitProducerId for a foreign id: its open transaction ends, its epoch can never commit again. */
  readonly fenceWriter: (transactionalId: string) => Promise<void>
  /** Called as records are restored, with how many there are in all. */
  readonly onRestore?: (done: number, total: number) => void
  /** How long tombstones are kept, ms: a copy older than half of it may have missed some. */
  readonly deleteRetentionMs: number
  readonly now: () => number
  /** Called before each numbered step. */
  readonly at?: StepHook
}

export interface ChangelogAccess {
  readonly topicId: string
  offsets(): Promise<{ readonly stable: number; readonly end: number }>
  /** Engine records (fences, markers, releases) from `from` to `to`, open transactions included; those at or beyond `stable` may be undecided. */
  look(from: number, stable: number, to: number): Promise<readonly LogEntry[]>
  /** S3, in a transaction of its own. Returns the offset of the fence. Any error: a new incarnation. */
  writeFence(): Promise<number>
  /**
   * Committed records from `from` up to and including the fence at `upTo`, in chunks that `apply` takes in order.
   * Then tells the foreign writer of a record behind the fence, if there is one.
   */
  restore(
    from: number,
    upTo: number,
    apply: (chunk: RestoreChunk) => Promise<void>,
  ): Promise<{ readonly newer: Writer | undefined }>
}

export interface LogEntry {
  readonly kind: 'fence' | 'marker' | 'release'
  readonly offset: number
  readonly writer: Writer
  /** False: its transaction may still be open. */
  readonly decided: boolean
  /** A deleted fence (a tombstone) names a writer that somebody has fenced. */
  readonly deleted: boolean
}

export interface RestoreChunk {
  readonly from: number
  readonly to: number
  readonly apply: (token: number) => Promise<void>
}

const ROUNDS_MAX = 8

/** @throws TaskFenced when somebody newer owns the task; ProducerFenced from `writeFence`. */
export async function takeOver(parts: TakeOverParts): Promise<Claim> {
  const { state, changelog } = parts
  const writers = new WritersSeen(parts.me.transactionalId)
  let low = Number.POSITIVE_INFINITY
  for (let round = 0; round < ROUNDS_MAX; round++) {
    await parts.at?.('S1')
    // S1 look: the log, uncommitted, from the backend's offset or the last stable offset on; and the last writer the backend remembers.
    const before = await state.checkpoint()
    const { stable, end } = await changelog.offsets()
    low = Math.min(low, stable, usableOffset(before, changelog.topicId, end))
    writers.see(await changelog.look(low, stable, end), before?.writer)

    await parts.at?.('S2')
    // S2 fence every foreign writer whose last record is not a committed release.
    for (const transactionalId of writers.unsettled()) {
      const incarnation = writers.incarnationOf(transactionalId)
      await parts.fenceWriter(transactionalId)
      writers.fenced(transactionalId, incarnation)
    }

    await parts.at?.('S3')
    // S3 claim the log: the offset of our fence is the token.
    const token = await changelog.writeFence()

    await parts.at?.('S4')
    // S4 look again, up to our fence: has anybody written that S2 did not settle?
    const again = await changelog.offsets()
    const between = await changelog.look(low, again.stable, token)
    if (!writers.settled(between)) {
      writers.see(between, undefined)
      continue
    }

    // S5–S7 claim the backend, let it follow the log, and resume where the log says.
    return claimBackend(parts, {
      token,
      logEnd: Math.max(again.end, token + 1),
      endBefore: end,
      oldFences: writers.oldFences(),
    })
  }
  throw new TaskFenced(
    'take_over_contested',
    `others keep writing to the changelog of task ${parts.task.subtopology}_${parts.task.partition}`,
  )
}

interface Fenced {
  readonly token: number
  readonly logEnd: number
  readonly endBefore: number
  readonly oldFences: readonly Writer[]
}

async function claimBackend(parts: TakeOverParts, { token, logEnd, endBefore, oldFences }: Fenced): Promise<Claim> {
  const { state, changelog } = parts
  await parts.at?.('S5')
  // S5 claim the backend.
  let copy = await state.claim({ token, topicId: changelog.topicId, logEnd })
  await parts.at?.('S6')
  // S6 restore up to our fence and no further.
  if (tombstonesMayBeGone(copy, endBefore, parts)) copy = await state.wipe(token, changelog.topicId)
  copy = await restore(parts, copy, token)
  await parts.at?.('S7')
  // S7 resume: the position is the last marker's.
  return { token, offset: copy.offset, changelogId: changelog.topicId, marker: decodeMarker(copy.marker), oldFences }
}

async function restore(parts: TakeOverParts, copy: Checkpoint, token: number): Promise<Checkpoint> {
  const total = token + 1 - copy.offset
  let done = 0
  const { newer } = await parts.changelog.restore(copy.offset, token, async (chunk) => {
    await chunk.apply(token)
    done += chunk.to - chunk.from
    parts.onRestore?.(done, total)
  })
  if (newer !== undefined)
    throw new TaskFenced(
      'taken_over',
      `${newer.transactionalId} has taken over task ${parts.task.subtopology}_${parts.task.partition}`,
    )
  const restored = await parts.state.checkpoint()
  if (restored === undefined || restored.token !== token || restored.offset !== token + 1)
    throw new TaskFenced('restore_lost', 'the backend did not stay ours while it was restored')
  return restored
}

/** Where the backend's copy stands in this log; 0 when it is of another log or ahead of it. */
function usableOffset(checkpoint: Checkpoint | undefined, topicId: string, end: number): number {
  return checkpoint === undefined || checkpoint.topicId !== topicId || checkpoint.offset > end ? 0 : checkpoint.offset
}

/** A copy that was behind the log for longer than half the tombstones' life may have missed deletes. */
function tombstonesMayBeGone(copy: Checkpoint, endBefore: number, { deleteRetentionMs, now }: TakeOverParts): boolean {
  return copy.offset > 0 && copy.offset < endBefore && now() - copy.appendedAt > deleteRetentionMs / 2
}

/** Who has written to the changelog, and who of them can never commit again. */
class WritersSeen {
  private readonly me: string
  private readonly incarnations = new Map<string, number>()
  /** Incarnations up to this one are dead. */
  private readonly fencedUpTo = new Map<string, number>()
  /** Offset of a writer's committed release, if it is its last record: what lies before it is settled. */
  private readonly releases = new Map<string, number>()
  private readonly fences = new Map<string, Writer>()

  constructor(me: string) {
    this.me = me
  }

  see(entries: readonly LogEntry[], remembered: Writer | undefined): void {
    const lastRelease = new Map<string, number>()
    for (const { kind, writer, offset, decided, deleted } of entries) {
      if (writer.transactionalId === this.me) continue
      if (kind === 'fence' && !deleted) this.fences.set(`${writer.transactionalId}:${writer.incarnation}`, writer)
      this.saw(writer)
      lastRelease.set(writer.transactionalId, kind === 'release' && decided ? offset : -1)
    }
    if (remembered !== undefined && remembered.transactionalId !== this.me) this.saw(remembered)
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
    return entries.every(({ writer, offset }) => {
      const { transactionalId, incarnation } = writer
      return (
        transactionalId === this.me ||
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

  private saw({ transactionalId, incarnation }: Writer): void {
    this.incarnations.set(transactionalId, Math.max(incarnation, this.incarnations.get(transactionalId) ?? 0))
  }

  private isFenced(transactionalId: string, incarnation: number): boolean {
    return (this.fencedUpTo.get(transactionalId) ?? 0) >= incarnation
  }
}
