// The commit cycle (exactly-once.md §3, R3–R5): one transaction over all tasks with work, then their backends. Three numbered functions, since a
// worker goes on with its next batch while the log decides (commits.ts). R1–R3 (an expected position, a validated read, processing into buffers)
// are task.ts; no transaction is open while they run.
import { assert } from '../core/assert.ts'
import { topicPartitionName } from '../core/topic-partition.ts'
import type { GroupMetadata, ProducedBatch, TransactionalProducer } from '../kafka/cluster.ts'
import type { Writer } from '../state/backend.ts'
import type { ChangelogWriter } from './changelog-writer.ts'
import type { OutputBuffers } from './output-buffers.ts'
import type { StepHook } from './steps.ts'
import type { Task, TaskCommit } from './task.ts'

export interface CommitParts {
  readonly producer: TransactionalProducer
  readonly writer: Writer
  readonly outputs: OutputBuffers
  readonly changelogs: ChangelogWriter
  readonly group: GroupMetadata
  readonly now: () => number
  /** Called before each numbered step. */
  readonly at?: StepHook
}

/** What one transaction holds: taken out of the tasks and buffers, which go on with the next. */
export interface PreparedCommit {
  readonly commits: readonly TaskCommit[]
  readonly releasing: ReadonlySet<Task>
  readonly rounds: readonly (readonly ProducedBatch[])[]
  /** Records, by topic. */
  readonly produced: ReadonlyMap<string, number>
}

/** `releasing` tasks hand themselves over: their last record is a release. */
export async function prepare(
  parts: CommitParts,
  tasks: readonly Task[],
  releasing: ReadonlySet<Task>,
): Promise<PreparedCommit> {
  const { outputs, changelogs, writer, now } = parts
  await parts.at?.('R3')
  // R3, its end: what time and coalescing release, so that everything of this commit is in the buffers.
  for (const task of tasks) await task.beforeCommit(now())

  await parts.at?.('R4a')
  // R4 (a) per task one changelog partition: marker, puts and deletes, tombstones of old fences[, release].
  const commits = tasks.map((task) => task.takeCommit())
  for (const commit of commits) changelogs.append(commit, writer, releasing.has(commit.task), now())
  const rounds = outputs.take()
  return { commits, releasing, rounds, produced: recordsByTopic(rounds) }
}

/**
 * Returns the offset behind the commit in each changelog partition. Any error means that the outcome is unknown:
 * never abort and go on, but a new incarnation and a take-over of every task.
 */
export async function transact(
  parts: CommitParts,
  { commits, rounds }: PreparedCommit,
): Promise<ReadonlyMap<string, number>> {
  const { producer, group } = parts
  await parts.at?.('R4b')
  // R4 (b) everything goes out, at most one batch a partition and request.
  const ends = new Map<string, number>()
  for (const round of rounds) {
    const bases = await producer.send(round)
    assert(bases.length === round.length, 'every batch is acknowledged exactly once')
    round.forEach((batch, i) => {
      ends.set(topicPartitionName(batch), (bases[i] as number) + batch.records.count)
    })
  }

  await parts.at?.('R4c')
  // R4 (c) positions to the group, for lag tools, and (d) the decision, once.
  await producer.sendOffsets(
    group,
    commits.flatMap(({ positions }) => positions),
  )
  await parts.at?.('R4d')
  await producer.commit()
  return ends
}

/** @throws the first task's failure, after every other task has been tried: what was processed meanwhile must not go out without all of them. */
export async function follow(
  parts: CommitParts,
  { commits, releasing, rounds }: PreparedCommit,
  ends: ReadonlyMap<string, number>,
): Promise<void> {
  parts.outputs.reuse(rounds)
  await parts.at?.('R5')
  // R5 each backend follows, chained: it moves from the old to the new changelog offset, or not at all. (R6, the next read, comes after.)
  const failures: unknown[] = []
  for (const { task, marker, positions, changes } of commits) {
    const to = ends.get(topicPartitionName({ topic: task.changelogTopic, partition: task.task.partition }))
    assert(to !== undefined, `the commit of ${task.name} has a marker`)
    const move = { token: task.claim.token, from: task.changelogOffset, to, marker }
    // Whoever has released a task needs no fencing, so its backend need not remember who it was.
    const lastWriter = releasing.has(task) ? undefined : parts.writer
    try {
      await task.state.apply(changes, { ...move, writer: lastWriter, appendedAt: parts.now() })
      task.committed(to, positions)
    } catch (error) {
      failures.push(error)
    }
  }
  if (failures.length > 0) throw failures[0]
}

/** Counted before the batches are reused. */
function recordsByTopic(rounds: PreparedCommit['rounds']): Map<string, number> {
  const counts = new Map<string, number>()
  for (const { topic, records } of rounds.flat()) counts.set(topic, (counts.get(topic) ?? 0) + records.count)
  return counts
}
