// Puts together what an application tells about itself at one moment.
import type { CompiledTopology } from '../topology/graph.ts'
import { type Accounting, splitCount } from './accounting.ts'
import type { Input } from './input.ts'
import type { LogEnds } from './log-ends.ts'
import type { SinkTask } from './sink-task.ts'
import type {
  ApplicationSnapshot,
  ApplicationState,
  AwaitedSchema,
  NodeSnapshot,
  PartitionSnapshot,
  TaskSnapshot,
} from './snapshot.ts'
import type { Task } from './task.ts'
import type { Worker } from './worker.ts'

export interface SnapshotParts {
  readonly topology: CompiledTopology
  readonly state: ApplicationState
  readonly at: number
  readonly worker: Worker
  readonly sinkTasks: readonly SinkTask[]
  /** Of all its tasks and global tables. */
  readonly inputs: readonly Input[]
  readonly ends: LogEnds
  readonly commits: { readonly count: number; readonly lastAt: number | undefined }
  readonly restore: { readonly done: number; readonly total: number } | undefined
}

export function snapshotOf({
  topology,
  state,
  at,
  worker,
  sinkTasks,
  inputs,
  ends,
  commits,
  restore,
}: SnapshotParts): ApplicationSnapshot {
  const running = new Map(worker.tasks.map((task) => [task.name, task]))
  return {
    app: topology.name,
    state,
    at,
    topologyHash: topology.hash,
    tasks: [
      ...worker.taskStates().map(({ name, state: taskState }) => streamTask(name, taskState, running.get(name), ends)),
      ...sinkTasks.map((task) => sinkTask(task, ends)),
    ],
    nodes: nodesOf(topology, [
      ...worker.tasks.map((task) => task.accounting),
      ...sinkTasks.map((task) => task.accounting),
    ]),
    commits: commits.count,
    lastCommitAt: commits.lastAt,
    restore,
    heldBack: ends.heldBack(),
    awaitedSchemas: inputs.flatMap(awaitedSchema),
  }
}

function awaitedSchema({ topic, partition, position, waiting }: Input): AwaitedSchema[] {
  if (waiting === undefined) return []
  const { schemaId, since, reason } = waiting
  return [{ topic, partition, offset: position, schemaId, since, reason }]
}

function streamTask(name: string, state: string, task: Task | undefined, ends: LogEnds): TaskSnapshot {
  const watermark = task?.watermark() ?? Number.NEGATIVE_INFINITY
  return {
    task: name,
    state,
    inputs: task?.inputs.map((input) => partition(input, input.position, ends)) ?? [],
    watermark: Number.isFinite(watermark) ? watermark : undefined,
    stores:
      task?.subtopology.stores.map(({ name: store }) => ({
        store,
        entries: task.state.entries(store),
        bytes: task.state.bytes(store),
      })) ?? [],
    openWindows: task?.openWindows() ?? {},
    bufferedRows: 0,
  }
}

function sinkTask(task: SinkTask, ends: LogEnds): TaskSnapshot {
  return {
    task: task.name,
    state: 'RUNNING',
    inputs: [partition(task.input, task.committedPosition, ends)],
    watermark: undefined,
    stores: [],
    openWindows: {},
    bufferedRows: task.bufferedRows,
  }
}

function partition(input: Input, committed: number, ends: LogEnds): PartitionSnapshot {
  const { earliest, end } = ends.of(input.topic, input.partition)
  return {
    topic: input.topic,
    partition: input.partition,
    committed,
    end: Math.max(end, committed),
    earliest,
    readUpTo: input.readUpTo,
  }
}

function nodesOf(topology: CompiledTopology, accounts: readonly Accounting[]): NodeSnapshot[] {
  const sums = new Map<string, Record<string, number>>()
  for (const account of accounts)
    for (const [key, count] of Object.entries(account.totals())) {
      const { node, what } = splitCount(key)
      const counts = sums.get(node) ?? {}
      counts[what] = (counts[what] ?? 0) + count
      sums.set(node, counts)
    }
  return topology.subtopologies.flatMap(({ id, sources, nodes }) =>
    [...sources, ...nodes].map(({ name }) => {
      const { in: received = 0, out = 0, ...outcomes } = sums.get(name) ?? {}
      return { node: name, subtopology: id, in: received, out, outcomes }
    }),
  )
}
