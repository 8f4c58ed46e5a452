// Opens one task of a worker: takes its changelog and state over, and makes a task that goes on where the log says.
import { assert } from '../core/assert.ts'
import { type TaskId, taskName } from '../core/topic-partition.ts'
import type { LogReader } from '../kafka/cluster.ts'
import type { CompiledTopology, Subtopology } from '../topology/graph.ts'
import { changelogAccess } from './changelog-access.ts'
import type { Incarnation } from './incarnation.ts'
import { takeOver } from './take-over.ts'
import { Task, type TaskSurroundings } from './task.ts'
import type { WorkerOptions } from './worker-options.ts'

export interface OpeningParts {
  readonly reader: LogReader
  readonly around: TaskSurroundings
  readonly onRestore: (done: number, total: number) => void
}

/** @throws TaskFenced when somebody newer owns the task; ProducerFenced when this incarnation is over. */
export async function openTask(
  id: TaskId,
  incarnation: Incarnation,
  options: WorkerOptions,
  { reader, around, onRestore }: OpeningParts,
): Promise<Task> {
  const { topology, backend, cluster, topics, clock, random } = options
  const subtopology = topology.subtopologies[id.subtopology]
  assert(subtopology?.changelog !== undefined, `task ${taskName(id)} is no stream task of this topology`)
  const producer = await incarnation.producer()
  const topic = topics.describe(subtopology.changelog.name)
  const state = backend.open(id, topic.name, subtopology.stores)
  const now = () => clock.now()
  const writer = incarnation.writer
  const changelog = changelogAccess({
    ...{ cluster, reader, topic, producer, writer, state, now, random },
    partition: id.partition,
    topologyHash: topology.hash,
  })
  const claim = await takeOver({
    ...{ task: id, state, me: writer, changelog, onRestore, now },
    fenceWriter: (transactionalId) => incarnation.fence(transactionalId),
    deleteRetentionMs: topic.config.deleteRetentionMs,
    ...(options.events?.at === undefined ? {} : { at: options.events.at }),
  })
  const starts = await topics.starts(subtopology, id.partition)
  return new Task(subtopology, id.partition, state, claim, feedersOf(topology, subtopology), starts, around)
}

/** Every task that broadcasts its watermark to this sub-topology. */
function feedersOf(topology: CompiledTopology, subtopology: Subtopology): TaskId[] {
  return subtopology.upstream.flatMap((id) => {
    const partitions = topology.subtopologies[id]?.partitions ?? 0
    return Array.from({ length: partitions }, (_, partition) => ({ subtopology: id, partition }))
  })
}
