// The take-over of a task (exactly-once.md §2, S1–S7): whoever wrote before is fenced, the log is claimed, the backend follows the log up to our fence.
// It leaves opening the task to worker.ts.
import { TaskFenced } from '../core/errors.ts'
import type { TaskId } from '../core/topic-partition.ts'
import type { Checkpoint, TaskState, Writer } from '../state/backend.ts'
import { decodeMarker } from './marker.ts'
import type { StepHook } from './steps.ts'
import type { Claim } from './task.ts'
import { type LogEntry, type Remembered, WritersSeen } from './writers-seen.ts'

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
  readonly pause: (ms: number) => Promise<void>
  /** Until when a release of the former owner is waited for, ms UTC; in the past where none will come. */
  readonly releaseBy: number
  /** Called before each numbered step but S3, which is made for several tasks at a time (fence-turn.ts). */
  readonly at?: StepHook
}

export interface ChangelogAccess {
  readonly topicId: string
  offsets(): Promise<{ readonly stable: number; readonly end: number }>
  /** Engine records (fences, markers, releases) from `from` to `to`, open transactions included; those at or beyond `stable` may be undecided. */
  look(from: number, stable: number, to: number): Promise<readonly LogEntry[]>
  /** S3, in a transaction without anything else. Returns the offset of the fence. Any error: a new incarnation. */
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

export interface RestoreChunk {
  readonly from: number
  readonly to: number
  readonly apply: (token: number) => Promise<void>
}

const ROUNDS_MAX = 8
/** Between two looks for a release. */
const RELEASE_PAUSE_MS = 25

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
    const seen = await changelog.look(low, stable, end)
    writers.see(seen, rememberedIn(before, changelog.topicId, end))
    await waitForRelease(parts, writers, stable)

    await parts.at?.('S2')
    // S2 fence every foreign writer whose last record is not a committed release.
    for (const transactionalId of writers.unsettled()) {
      const incarnation = writers.incarnationOf(transactionalId)
      await parts.fenceWriter(transactionalId)
      writers.fenced(transactionalId, incarnation)
    }

    // S3 claim the log: the offset of our fence is the token.
    const token = await changelog.writeFence()

    await parts.at?.('S4')
    // S4 look again, up to our fence: has anybody written that S2 did not settle?
    // What was decided below S1's last stable offset has not changed, and S2 has settled it.
    const again = await changelog.offsets()
    const between = await changelog.look(stable, again.stable, token)
    if (!writers.settled(between)) {
      writers.see(between, undefined)
      continue
    }

    // S5–S7 claim the backend, let it follow the log, and resume where the log says.
    return claimBackend(parts, {
      token,
      logEnd: Math.max(again.end, token + 1),
      commitsEnd: Math.max(low, behindLastMarker([...seen.filter(({ offset }) => offset < stable), ...between])),
      oldFences: writers.oldFences(),
    })
  }
  throw new TaskFenced(
    'take_over_contested',
    `others keep writing to the changelog of task ${parts.task.subtopology}_${parts.task.partition}`,
  )
}

/** An owner that lives releases the task in a moment. To fence it instead would end all its other tasks with this one. */
async function waitForRelease(parts: TakeOverParts, writers: WritersSeen, stable: number): Promise<void> {
  const { changelog, releaseBy, now, pause } = parts
  for (let from = stable; writers.unsettled().length > 0 && now() < releaseBy; ) {
    await pause(RELEASE_PAUSE_MS)
    const offsets = await changelog.offsets()
    writers.see(await changelog.look(from, offsets.stable, offsets.end), undefined)
    from = offsets.stable
  }
}

interface Fenced {
  readonly token: number
  readonly logEnd: number
  /** From here on no commit begins: each does with its marker. */
  readonly commitsEnd: number
  readonly oldFences: readonly Writer[]
}

async function claimBackend(parts: TakeOverParts, { token, logEnd, commitsEnd, oldFences }: Fenced): Promise<Claim> {
  const { state, changelog } = parts
  await parts.at?.('S5')
  // S5 claim the backend.
  let copy = await state.claim({ token, topicId: changelog.topicId, logEnd })
  await parts.at?.('S6')
  // S6 restore up to our fence and no further.
  if (tombstonesMayBeGone(copy, commitsEnd, parts)) copy = await state.wipe(token, changelog.topicId)
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

function behindLastMarker(entries: readonly LogEntry[]): number {
  return 1 + (entries.findLast(({ kind }) => kind === 'marker')?.offset ?? -1)
}

/** Where the backend's copy stands in this log; 0 when it is of another log or ahead of it. */
function usableOffset(checkpoint: Checkpoint | undefined, topicId: string, end: number): number {
  return checkpoint === undefined || checkpoint.topicId !== topicId || checkpoint.offset > end ? 0 : checkpoint.offset
}

/** The last writer the backend knows of, and where its record lay before; anywhere if the copy is of no use in this log. */
function rememberedIn(checkpoint: Checkpoint | undefined, topicId: string, end: number): Remembered | undefined {
  if (checkpoint?.writer === undefined) return undefined
  const isUsable = usableOffset(checkpoint, topicId, end) === checkpoint.offset
  return { writer: checkpoint.writer, before: isUsable ? checkpoint.offset : Number.POSITIVE_INFINITY }
}

/** A copy that commits went by for longer than half the tombstones' life may have missed deletes; behind an idle task's there is none. */
function tombstonesMayBeGone(copy: Checkpoint, commitsEnd: number, { deleteRetentionMs, now }: TakeOverParts): boolean {
  return copy.offset > 0 && copy.offset < commitsEnd && now() - copy.appendedAt > deleteRetentionMs / 2
}
