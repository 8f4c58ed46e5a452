// Opens one task of a worker: takes its changelog and state over, and makes a task that goes on where the log says.
import { assert } from '../core/assert.ts'
import { type TaskId, taskName } from '../core/topic-partition.ts'
import type { LogReader, ProducedBatch } from '../kafka/cluster.ts'
import type { TaskState, Writer } from '../state/backend.ts'
import type { CompiledTopology, Subtopology } from '../topology/graph.ts'
import { changelogAccess } from './changelog-access.ts'
import type { Step } from './steps.ts'
import { takeOver } from './take-over.ts'
import { type Claim, Task, type TaskSurroundings } from './task.ts'
import type { WorkerOptions } from './worker-options.ts'

export interface OpeningParts {
  readonly reader: LogReader
  readonly around: TaskSurroundings
  /** The worker's present incarnation: with it ends the opening. */
  readonly writer: Writer
  readonly fenceWriter: (transactionalId: string) => Promise<void>
  /** S3: resolves to the offset when the worker has committed it. */
  readonly writeFence: (fence: ProducedBatch, signal: AbortSignal) => Promise<number>
  /** Until when a release of the former owner is waited for, ms UTC. */
  readonly releaseBy: number
  readonly onRestore: (done: number, total: number) => void
  /** Aborted: whoever wanted the task does not want it any more. */
  readonly signal: AbortSignal
}

/** @throws TaskFenced when somebody newer owns the task; ProducerFenced when this incarnation is over. */
export async function openTask(id: TaskId, options: WorkerOptions, parts: OpeningParts): Promise<Task> {
  const { topology, backend, topics } = options
  const subtopology = topology.subtopologies[id.subtopology]
  assert(subtopology?.changelog !== undefined, `task ${taskName(id)} is no stream task of this topology`)
  const state = backend.open(id, topics.describe(subtopology.changelog.name).name, subtopology.stores)
  try {
    const claim = await claimOf(id, subtopology, state, options, parts)
    const starts = await topics.starts(subtopology, id.partition)
    const feeders = feedersOf(topology, subtopology)
    const task = new Task(subtopology, id.partition, state, claim, feeders, starts, parts.around)
    await task.restore()
    return task
  } catch (error) {
    // What it failed of matters more than a state that does not close.
    await state.close().catch(() => {})
    throw error
  }
}

function claimOf(
  task: TaskId,
  { changelog }: Subtopology,
  state: TaskState,
  { cluster, topics, topology, clock, random, events }: WorkerOptions,
  { reader, writer, fenceWriter, writeFence, releaseBy, onRestore, signal }: OpeningParts,
): Promise<Claim> {
  assert(changelog !== undefined, `task ${taskName(task)} has a changelog`)
  const topic = topics.describe(changelog.name)
  const now = () => clock.now()
  return takeOver({
    ...{ task, state, me: writer, fenceWriter, releaseBy, onRestore, now },
    changelog: changelogAccess({
      ...{ cluster, reader, topic, writer, state, now, random },
      partition: task.partition,
      topologyHash: topology.hash,
      writeFence: (fence) => writeFence(fence, signal),
    }),
    pause: (ms) => clock.sleep(ms, signal),
    deleteRetentionMs: topic.config.deleteRetentionMs,
    at: async (step: Step) => {
      signal.throwIfAborted()
      await events?.at?.(step)
      signal.throwIfAborted()
    },
  })
}

/** Every task that broadcasts its watermark to this sub-topology. */
function feedersOf(topology: CompiledTopology, subtopology: Subtopology): TaskId[] {
  return subtopology.upstream.flatMap((id) => {
    const partitions = topology.subtopologies[id]?.partitions ?? 0
    return Array.from({ length: partitions }, (_, partition) => ({ subtopology: id, partition }))
  })
}
