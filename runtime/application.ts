// One running topology: its worker, its sinks, and what they tell. Composition only; each part has a file of its own.
import { setMaxListeners } from 'node:events'
import { type Clock, systemClock } from '../core/clock.ts'
import { type Logger, silentLogger } from '../core/logger.ts'
import type { Random } from '../core/random.ts'
import { type TaskId, taskName } from '../core/topic-partition.ts'
import type { Admin, Cluster } from '../kafka/cluster.ts'
import type { Measurements } from '../metrics/measurements.ts'
import type { SchemaRegistry } from '../serdes/schema-registry.ts'
import type { Sink } from '../sinks/sink.ts'
import type { StateBackend } from '../state/backend.ts'
import type { CompiledTopology } from '../topology/graph.ts'
import { ApplicationMeasurements } from './application-measurements.ts'
import { GlobalTableFollower } from './global-table-follower.ts'
import { GlobalTables, type RefusedRow } from './global-tables.ts'
import { type Chore, keepDoing } from './housekeeping.ts'
import type { Input } from './input.ts'
import { LogEnds } from './log-ends.ts'
import { measuredBackend } from './measured-backend.ts'
import { fixedMembership, type Membership } from './membership.ts'
import { purgeRepartitionTopics } from './repartition-purge.ts'
import { SinkSlots, sinkTables } from './sink-slots.ts'
import type { ApplicationSnapshot, ApplicationState } from './snapshot.ts'
import { snapshotOf } from './snapshot-of.ts'
import { type StartPatience, untilAnswered } from './start-patience.ts'
import type { StepHook } from './steps.ts'
import { ApplicationStores, type StoreQueries } from './store-queries.ts'
import { TopicAccess } from './topic-access.ts'
import { Worker } from './worker.ts'
import { defaultWorkerConfig, type WorkerConfig } from './worker-options.ts'

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
  /** False: topics that are missing end the start instead of being created. Default true. */
  readonly autoCreateTopics?: boolean
  /** While the start waits for the schema registry. */
  readonly patience?: Pick<StartPatience, 'signal' | 'waitsFor'>
  /** Default: this process runs every task. */
  readonly membership?: Membership
  /** Before each numbered step of a take-over or commit cycle: for simulators. */
  readonly at?: StepHook
}

const POLL_WAIT_MS = 500
const ENDS_INTERVAL_MS = 1_000
const MEASURE_INTERVAL_MS = 1_000
const PURGE_INTERVAL_MS = 30_000
const TOPICS_INTERVAL_MS = 60_000

export class Application {
  readonly topology: CompiledTopology
  readonly worker: Worker
  readonly stores: StoreQueries
  private readonly admin: Admin
  private readonly topics: TopicAccess
  private readonly clock: Clock
  private readonly logger: Logger
  private readonly sinks: SinkSlots
  private readonly globalTables: GlobalTables
  private readonly follower: GlobalTableFollower
  private readonly ends: LogEnds
  private readonly measurements: ApplicationMeasurements
  private readonly stopping = new AbortController()
  /** When the worker's loop last came round, ms UTC. */
  polledAt: number | undefined
  private current: ApplicationState = 'restoring'

  private constructor(options: ApplicationOptions, topics: TopicAccess, globalTables: GlobalTables) {
    const { topology, cluster, backend, sink } = options
    const clock = options.clock ?? systemClock
    const logger = options.logger ?? silentLogger
    const membership = options.membership ?? fixedMembership(topology.name, allTasks(topology))
    const config = { ...defaultWorkerConfig, ...options.config }
    const measurements = new ApplicationMeasurements(options.measurements, topology, sink?.kind)
    // Every slot and wait listens to the one signal that ends the application.
    setMaxListeners(0, this.stopping.signal)
    this.topology = topology
    this.admin = cluster.admin
    this.topics = topics
    this.clock = clock
    this.logger = logger
    this.globalTables = globalTables
    this.follower = new GlobalTableFollower({ tables: globalTables, clock, logger, outageMsMax: config.outageMsMax })
    this.measurements = measurements
    this.ends = new LogEnds(cluster.admin, topology)
    this.sinks = new SinkSlots({
      ...{ topology, cluster, sink, membership, topics, globalTables, clock, logger },
      outageMsMax: config.outageMsMax,
      measurements,
    })
    this.worker = new Worker({
      ...{ topology, cluster, membership, topics, clock, logger, config },
      backend: measuredBackend(backend, measurements.all),
      times: measurements.times,
      nodes: measurements.nodes,
      random: options.random ?? Math.random,
      events: {
        committed: (commit, tookMs) => measurements.committed(commit, tookMs, clock.now()),
        commitFailed: () => measurements.commitFailed(),
        restoring: (task, done, total) => measurements.restore.restoring(task, done, total),
        opened: (task, tookMs) => measurements.restore.opened(task, tookMs),
        fetched: (topic, bytes) => measurements.fetched(topic, bytes),
        failed: (error, reaction) => measurements.failed(error, reaction),
        ...(options.at === undefined ? {} : { at: options.at }),
      },
    })
    this.stores = new ApplicationStores(topology, backend, clock, () => this.worker.tasks)
  }

  /** Prepares schemas, topics, global tables and sinks; tasks are taken over in the first turns. */
  static async start(options: ApplicationOptions): Promise<Application> {
    const { topology, cluster, registry, sink, measurements, logger = silentLogger } = options
    const { clock = systemClock, autoCreateTopics = true } = options
    const { outageMsMax: waitMsMax } = { ...defaultWorkerConfig, ...options.config }
    const tables = sinkTables(topology, sink)
    const preparation = { ...options.patience, clock, logger, waitMsMax, autoCreateTopics }
    const topics = await TopicAccess.prepare(cluster, topology, registry, preparation)
    const refused = (record: RefusedRow) => {
      logger.warn('a record of a global table cannot be read and is left out', { ...record })
      const dropped = measurements?.cell('streams_records_dropped_total', { node: record.node, reason: 'skipped' })
      if (dropped !== undefined) dropped.value++
    }
    const globalTables = await untilAnswered('what global tables are read with', preparation, () =>
      GlobalTables.load(cluster, topology.globalTables, (topic) => topics.serdesOf(topic), refused),
    )
    if (sink !== undefined) await untilAnswered(`the sink (${sink.kind})`, preparation, () => sink.prepare(tables))
    return new Application(options, topics.withGlobalTables(globalTables), globalTables)
  }

  /** Runs until `stop`. @throws what only a person can mend; then the state is `failed`. */
  async run(): Promise<void> {
    const { signal } = this.stopping
    const household = { clock: this.clock, logger: this.logger }
    const parts = [
      this.runWorker(signal),
      this.sinks.run(POLL_WAIT_MS, signal),
      ...this.chores().map((chore) => keepDoing(chore, household, signal)),
      this.measureOften(signal),
    ]
    try {
      await Promise.all(parts)
    } catch (error) {
      this.current = 'failed'
      this.stopping.abort()
      // Whoever closes the application after this finds nobody in the middle of a step.
      await Promise.allSettled(parts)
      throw error
    }
  }

  /** One turn of everything, without waiting: for test drivers and simulators. Returns whether anything happened. */
  async step(): Promise<boolean> {
    await this.follower.follow()
    const worked = await this.stepWorker(0)
    const written = await this.sinks.step(this.stopping.signal)
    return (await this.hearSchemas()) || written || worked
  }

  /** Until questions under way are answered. Returns whether a partition that waited may go on. */
  private async hearSchemas(): Promise<boolean> {
    const waiting = this.inputs.filter((input) => input.isWaiting)
    await Promise.all(waiting.map((input) => input.waiting?.asked))
    return waiting.some((input) => input.waiting?.goesOn() === false)
  }

  /** All that this process reads. */
  private get inputs(): readonly Input[] {
    return [
      ...this.worker.tasks.flatMap(({ inputs }) => inputs),
      ...this.sinks.tasks.map(({ input }) => input),
      ...this.globalTables.inputs,
    ]
  }

  /** Whether everything that is in the log has been processed and committed, down to the sinks. */
  async isCaughtUp(): Promise<boolean> {
    if (!this.worker.isSettled()) return false
    await this.ends.refresh(this.clock.now())
    // Brokers confirm a commit before its records can be read everywhere: what is undecided there may still be ours.
    if (this.ends.heldBack().length > 0) return false
    const positions = this.worker.tasks.flatMap((task) => task.positions())
    const behind = positions.some(({ topic, partition, offset }) => offset < this.ends.of(topic, partition).end)
    if (behind || !this.worker.isSettled()) return false
    return this.sinks.isCaughtUp((topic, partition) => this.ends.of(topic, partition).end)
  }

  snapshot(): ApplicationSnapshot {
    return snapshotOf({
      topology: this.topology,
      state: this.current,
      at: this.clock.now(),
      worker: this.worker,
      sinkTasks: this.sinks.tasks,
      inputs: this.inputs,
      ends: this.ends,
      commits: this.measurements.commits,
      restore: this.measurements.restore.now,
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
    await this.sinks.close()
    await this.globalTables.close()
  }

  /** Copies what the application knows of itself to its measurements; `run` does it every second. */
  measure(): void {
    const assigned = new Set(this.worker.assigned.map(taskName))
    this.measurements.observe(this.snapshot(), assigned)
  }

  private async stepWorker(maxWaitMs: number, signal?: AbortSignal): Promise<boolean> {
    const { worker, clock } = this
    const begunAt = clock.now()
    const worked = await worker.step(maxWaitMs, signal)
    this.measurements.rebalances.follow(worker.assigned, worker.isRunning(), { begunAt, endedAt: clock.now() })
    return worked
  }

  private async runWorker(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.follower.follow()
      await this.stepWorker(POLL_WAIT_MS, signal)
      this.polledAt = this.clock.now()
      this.current = this.stateAfter(this.worker.isRunning())
      await yieldToOthers()
    }
  }

  private stateAfter(runs: boolean): ApplicationState {
    if (this.current === 'draining') return 'draining'
    if (runs) return 'running'
    return this.current === 'restoring' ? 'restoring' : 'rebalancing'
  }

  private chores(): Chore[] {
    return [
      {
        everyMs: ENDS_INTERVAL_MS,
        failed: 'the ends of the log are not known',
        run: () => this.ends.refresh(this.clock.now()),
      },
      {
        everyMs: PURGE_INTERVAL_MS,
        failed: 'repartition topics keep what nobody needs any more',
        run: () => purgeRepartitionTopics(this.admin, this.worker.tasks),
      },
      {
        everyMs: TOPICS_INTERVAL_MS,
        failed: 'topics could not be checked again',
        run: () => this.topics.requireUnchanged(),
      },
    ]
  }

  private async measureOften(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.measure()
      await this.clock.sleep(MEASURE_INTERVAL_MS, signal)
    }
  }
}

/** Timers, sockets and pages get their turn between two steps, however busy the log is. */
function yieldToOthers(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

function allTasks(topology: CompiledTopology): TaskId[] {
  return topology.subtopologies.flatMap(({ id, partitions }) =>
    Array.from({ length: partitions }, (_, partition) => ({ subtopology: id, partition })),
  )
}
