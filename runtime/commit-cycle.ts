// The commit cycle (exactly-once.md §3, R4–R6): one transaction over all tasks with work, then their backends.
// R1–R3 (an expected position, a validated read, processing into buffers) are task.ts; no transaction is open while they run.
import { assert } from '../core/assert.ts'
import type { GroupMetadata, TransactionalProducer } from '../kafka/cluster.ts'
import type { Writer } from '../state/backend.ts'
import type { ChangelogWriter } from './changelog-writer.ts'
import { encodeMarker } from './marker.ts'
import type { OutputBuffers } from './output-buffers.ts'
import type { StepHook } from './steps.ts'
import type { Task } from './task.ts'

export interface CommitParts {
  readonly producer: TransactionalProducer
  readonly writer: Writer
  readonly outputs: OutputBuffers
  readonly changelogs: ChangelogWriter
  readonly group: GroupMetadata
  readonly now: () => number
  /** Called before each numbered step. */
  readonly at?: StepHook
  /** A task whose backend refused its flush goes back to take-over; the worker goes on. */
  readonly flushFailed: (task: Task, error: unknown) => void
}

/**
 * Any error it throws means that the outcome is unknown: never abort and go on, but a new incarnation and a take-over of every task.
 * `releasing` tasks hand themselves over: their last record is a release.
 */
export async function commit(
  parts: CommitParts,
  tasks: readonly Task[],
  releasing: ReadonlySet<Task> = new Set(),
): Promise<void> {
  const { producer, outputs, changelogs } = parts
  await parts.at?.('R3')
  // R3, its end: what time and coalescing release, so that everything of this commit is in the buffers.
  for (const task of tasks) await task.beforeCommit(parts.now())

  await parts.at?.('R4a')
  // R4 (a) per task one changelog partition: marker, puts and deletes, tombstones of old fences[, release].
  const markers = new Map(tasks.map((task) => [task, encodeMarker(task.toMarker())]))
  for (const [task, marker] of markers) changelogs.append(task, parts.writer, marker, releasing.has(task), parts.now())

  await parts.at?.('R4b')
  // R4 (b) everything goes out, at most one batch a partition and request.
  const rounds = outputs.take()
  const changelogEnds = new Map<string, number>()
  for (const round of rounds) {
    const bases = await producer.send(round)
    assert(bases.length === round.length, 'every batch is acknowledged exactly once')
    round.forEach(({ topic, partition, records }, i) => {
      changelogEnds.set(`${topic}-${partition}`, (bases[i] as number) + records.count)
    })
  }

  await parts.at?.('R4c')
  // R4 (c) positions to the group, for lag tools, and (d) the decision, once.
  await producer.sendOffsets(
    parts.group,
    tasks.flatMap((task) => task.positions()),
  )
  await parts.at?.('R4d')
  await producer.commit()
  outputs.reuse(rounds)

  await parts.at?.('R5')
  // R5 each backend follows, chained: it moves from the old to the new changelog offset, or not at all. (R6, the next read, comes after.)
  for (const [task, marker] of markers) {
    const to = changelogEnds.get(`${task.changelogTopic}-${task.task.partition}`)
    assert(to !== undefined, `the commit of ${task.name} has a marker`)
    try {
      await task.state.apply(task.stores.changes, {
        token: task.claim.token,
        from: task.changelogOffset,
        to,
        marker,
        writer: parts.writer,
        appendedAt: parts.now(),
      })
      task.committed(to)
    } catch (error) {
      parts.flushFailed(task, error)
    }
  }
}
