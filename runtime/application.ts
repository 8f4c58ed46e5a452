// One running topology: its worker, its sink tasks, and what they tell. Composition only; each part has a file of its own.

import { assert } from '../core/assert.ts'
import { type Clock, systemClock } from '../core/clock.ts'
import { StreamsError } from '../core/errors.ts'
import { type Logger, silentLogger } from '../core/logger.ts'
import type { Random } from '../core/random.ts'
import type { TaskId } from '../core/topic-partition.ts'
import type { Cluster } from '../kafka/cluster.ts'
import type { Measurements } from '../metrics/measurements.ts'
import type { SchemaRegistry } from '../serdes/schema-registry.ts'
import type { Sink, SinkTable } from '../sinks/sink.ts'
import type { StateBackend } from '../state/backend.ts'
import type { CompiledTopology, Subtopology } from '../topology/graph.ts'
import { ApplicationMeasurements } from './application-measurements.ts'
import { GlobalTables } from './global-tables.ts'
import { LogEnds } from './log-ends.ts'
import { fixedMembership, type Membership } from './membership.ts'
import { SinkTask } from './sink-task.ts'
import type { ApplicationSnapshot, ApplicationState } from './snapshot.ts'
import { snapshotOf } from './snapshot-of.ts'
import { TopicAccess } from './topic-access.ts'
import { defaultWorkerConfig, Worker, type WorkerConfig } from './worker.ts'

export interface ApplicationOptions {
  readonly topology: CompiledTopology
  readonly cluster: Cluster
  readonly registry: SchemaRegistry
  readonly backend: StateBackend
  /** Needed when the topology has sinks. */
  readonly sink?: Sink
  readonly clock?: Clock
  readonly random?: Random
  readonly logger?: Logger
  readonly measurements?: Measurements
  readonly config?: Partial<WorkerConfig>
  /** Default: this process runs every task. */
  readonly membership?: Membership
}

export class Application {
  readonly topology: CompiledTopology
  readonly worker: Worker
  private readonly clock: Clock
  private readonly sinkTasks: readonly SinkTask[]
  private readonly globalTables: GlobalTables
  private readonly ends: LogEnds
  private readonly measurements: ApplicationMeasurements
  private readonly stopping = new AbortController()
  private current: ApplicationState = 'restoring'
  private restoring: { readonly done: number; readonly total: number } | undefined

  private constructor(parts: {
    options: ApplicationOptions
    topics: TopicAccess
    globalTables: GlobalTables
    sinkTasks: readonly SinkTask[]
    measurements: ApplicationMeasurements
  }) {
    const { options, topics, globalTables, sinkTasks, measurements } = parts
    this.topology = options.topology
    this.clock = options.clock ?? systemClock
    this.sinkTasks = sinkTasks
    this.globalTables = globalTables
    this.measurements = measurements
    this.ends = new LogEnds(options.cluster.admin, options.topology)
    this.worker = new Worker({
      topology: options.topology,
      cluster: options.cluster,
      backend: options.backend,
      membership: options.membership ?? fixedMembership(options.topology.name, allTasks(options.topology)),
      topics,
      clock: this.clock,
      random: options.random ?? Math.random,
      logger: options.logger ?? silentLogger,
      config: { ...defaultWorkerConfig, ...options.config },
      events: {
        committed: (tasks, tookMs) => measurements.committed(tasks, tookMs, this.clock.now()),
        commitFailed: () => measurements.commitFailed(),
        restoring: (_task, done, total) => {
          this.restoring = { done, total }
        },
      },
    })
  }

  /** Prepares topics, schemas, global tables and sinks; tasks are taken over in the first steps. */
  static async start(options: ApplicationOptions): Promise<Application> {
    const { topology, cluster, registry, clock = systemClock } = options
    const serdes = await TopicAccess.prepare(cluster, topology, registry)
    const globalTables = await GlobalTables.load(cluster, topology.globalTables, (topic) => serdes.serdesOf(topic))
    const topics = serdes.withGlobalTables(globalTables)
    const measurements = new ApplicationMeasurements(options.measurements, topology)
    const sinkTasks = await openSinks(
      options,
      topics,
      (topic) => globalTables.of(topic),
      (rows, ingestedAt) => measurements.rowsWritten(rows, ingestedAt, clock.now()),
    )
    return new Application({ options, topics, globalTables, sinkTasks, measurements })
  }

  /** Runs until `stop`. @throws what only a person can mend; then the state is `failed`. */
  async run(): Promise<void> {
    const { signal } = this.stopping
    try {
      await Promise.all([
        this.runWorker(signal),
        ...this.sinkTasks.map((task) => this.runSink(task, signal)),
        this.watchEnds(signal),
      ])
    } catch (error) {
      this.current = 'failed'
      this.stopping.abort()
      throw error
    }
  }

  /** One turn of everything, without waiting: for test drivers and simulators. Returns whether anything happened. */
  async step(): Promise<boolean> {
    await this.globalTables.follow()
    let busy = await this.worker.step(0)
    for (const task of this.sinkTasks) busy = (await task.step(0, this.stopping.signal)) || busy
    return busy
  }

  /** Whether everything that is in the log has been processed and committed, down to the sinks. */
  async isCaughtUp(): Promise<boolean> {
    if (!this.worker.isSettled()) return false
    await this.ends.refresh()
    const behind = this.worker.tasks
      .flatMap((task) => task.positions())
      .some(({ topic, partition, offset }) => offset < this.ends.of(topic, partition).end)
    if (behind || !this.worker.isSettled()) return false
    return this.sinkTasks.every(
      ({ input, committedPosition }) => committedPosition >= this.ends.of(input.topic, input.partition).end,
    )
  }

  snapshot(): ApplicationSnapshot {
    return snapshotOf({
      topology: this.topology,
      state: this.current,
      at: this.clock.now(),
      worker: this.worker,
      sinkTasks: this.sinkTasks,
      ends: this.ends,
      commits: this.measurements.commits,
      restore: this.restoring,
    })
  }

  /** Ends `run`, after what is in flight. */
  stop(): void {
    if (this.current === 'running') this.current = 'draining'
    this.stopping.abort()
  }

  /** After `run` has ended (or instead of it): commits what waits, releases the tasks, closes the sinks' writers. */
  async close(): Promise<void> {
    this.stop()
    await this.worker.close()
    for (const task of this.sinkTasks) await task.close()
    await this.globalTables.close()
  }

  private async runWorker(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.globalTables.follow()
      await this.worker.step(POLL_WAIT_MS, signal)
      if (this.current === 'restoring' && this.worker.isRunning()) this.current = 'running'
      await yieldToOthers()
    }
  }

  private async runSink(task: SinkTask, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await task.step(POLL_WAIT_MS, signal)
      await yieldToOthers()
    }
  }

  private async watchEnds(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.ends.refresh()
      this.measurements.observe(this.snapshot())
      await this.clock.sleep(ENDS_INTERVAL_MS, signal)
    }
  }
}

const POLL_WAIT_MS = 500
const ENDS_INTERVAL_MS = 1_000

/** Timers, sockets and pages get their turn between two steps, however busy the log is. */
function yieldToOthers(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

function allTasks(topology: CompiledTopology): TaskId[] {
  return topology.subtopologies
    .filter(({ kind }) => kind === 'stream')
    .flatMap(({ id, partitions }) =>
      Array.from({ length: partitions }, (_, partition) => ({ subtopology: id, partition })),
    )
}

async function openSinks(
  options: ApplicationOptions,
  topics: TopicAccess,
  globalTable: (topic: string) => ReadonlyMap<unknown, unknown>,
  onCommit: (rows: number, ingestedAt: readonly number[]) => void,
): Promise<SinkTask[]> {
  const { topology, sink, cluster } = options
  const subtopologies = topology.subtopologies.filter(({ kind }) => kind === 'sink')
  if (subtopologies.length === 0) return []
  if (sink === undefined)
    throw new StreamsError(
      'no_sink',
      `topology ${topology.name} writes to ${tablesOf(subtopologies)
        .map(({ name }) => name)
        .join(', ')}: give the application a sink`,
    )
  await sink.prepare(tablesOf(subtopologies))
  const tasks: SinkTask[] = []
  for (const subtopology of subtopologies)
    for (let partition = 0; partition < subtopology.partitions; partition++) {
      const [source] = subtopology.sources
      assert(source !== undefined, 'a sink has a source')
      const start = (await topics.starts(subtopology, partition)).get(source.topic.name)
      assert(start !== undefined, 'every source has a start')
      tasks.push(
        await SinkTask.open({
          app: topology.name,
          subtopology,
          partition,
          topicId: start.topicId,
          earliest: start.earliest,
          serdes: topics.serdesOf(source.topic.name),
          sink,
          reader: cluster.openReader(),
          admin: cluster.admin,
          clock: options.clock ?? systemClock,
          logger: options.logger ?? silentLogger,
          globalTable,
          onCommit,
        }),
      )
    }
  return tasks
}

function tablesOf(subtopologies: readonly Subtopology[]): SinkTable[] {
  const nodes = subtopologies.flatMap(({ nodes }) => nodes)
  return [...new Set(nodes.flatMap((node) => (node.kind === 'sink' ? [node.table] : [])))]
}
