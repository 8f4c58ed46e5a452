// A worker: one event loop that reads for its tasks, lets them process, and commits them together. Its step is the engine's heartbeat.
import { assert } from '../core/assert.ts'
import type { Clock } from '../core/clock.ts'
import { StreamsError } from '../core/errors.ts'
import type { Logger } from '../core/logger.ts'
import { type Random, randomUuid } from '../core/random.ts'
import { type TaskId, taskName, topicPartitionName } from '../core/topic-partition.ts'
import type { Cluster, LogReader, TopicDescription, TransactionalProducer } from '../kafka/cluster.ts'
import type { StateBackend } from '../state/backend.ts'
import type { CompiledTopology, Subtopology } from '../topology/graph.ts'
import { changelogAccess } from './changelog-access.ts'
import { ChangelogWriter } from './changelog-writer.ts'
import { commit } from './commit-cycle.ts'
import { BackOff, reactionTo } from './failure-policy.ts'
import type { Membership } from './membership.ts'
import { OutputBuffers } from './output-buffers.ts'
import type { StepHook } from './steps.ts'
import { takeOver } from './take-over.ts'
import { Task, type TaskSurroundings } from './task.ts'
import { TaskLifecycle } from './task-lifecycle.ts'
import type { TopicAccess } from './topic-access.ts'

export interface WorkerOptions {
  readonly topology: CompiledTopology
  readonly cluster: Cluster
  readonly backend: StateBackend
  readonly membership: Membership
  readonly topics: TopicAccess
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly config: WorkerConfig
  readonly events?: WorkerEvents
}

export interface WorkerConfig {
  /** A commit follows the first uncommitted record after this time at the latest, ms. */
  readonly commitIntervalMs: number
  /** Inputs read to their end for this long no longer hold the watermark back, ms; Infinity: never. */
  readonly idleAfterMs: number
  /** A task tells those behind it how far it is at most this often, ms. */
  readonly watermarkIntervalMs: number
  /** Of 1,000 records, how many may be bad before the task halts. */
  readonly badLimit: number
  readonly transactionTimeoutMs: number
  readonly fetchBytesMax: number
  readonly fetchBytesPerPartitionMax: number
  /** A commit is made early when this much waits to be written, bytes. */
  readonly bufferedBytesMax: number
  /** How long failures may follow each other before the worker stops, ms. */
  readonly outageMsMax: number
}

export const defaultWorkerConfig: WorkerConfig = {
  commitIntervalMs: 100,
  idleAfterMs: 60_000,
  watermarkIntervalMs: 1_000,
  badLimit: 500,
  transactionTimeoutMs: 60_000,
  fetchBytesMax: 8 * 1024 * 1024,
  fetchBytesPerPartitionMax: 1024 * 1024,
  bufferedBytesMax: 32 * 1024 * 1024,
  outageMsMax: 600_000,
}

/** What a worker tells those who watch it. */
export interface WorkerEvents {
  committed?(tasks: readonly Task[], tookMs: number): void
  commitFailed?(error: unknown): void
  restoring?(task: string, done: number, total: number): void
  /** Before each numbered step of a take-over or commit cycle: where a simulator stops or kills the worker. */
  readonly at?: StepHook
}

interface Slot {
  readonly id: TaskId
  readonly lifecycle: TaskLifecycle
  task: Task | undefined
}

/** When drained, commits follow each other no faster than this, ms. */
const DRAINED_COMMIT_INTERVAL_MS = 10

export class Worker {
  readonly transactionalId: string
  private readonly options: WorkerOptions
  private readonly slots = new Map<string, Slot>()
  private readonly outputs = new OutputBuffers()
  private readonly reader: LogReader
  private readonly changelogs: ChangelogWriter
  private readonly around: TaskSurroundings
  private readonly backOff: BackOff
  private assigned: readonly TaskId[] = []
  private producer: TransactionalProducer | undefined
  private incarnation = 0
  private lastCommitAt = Number.NEGATIVE_INFINITY
  private workSince: number | undefined

  constructor(options: WorkerOptions) {
    this.options = options
    const { topology, clock, random, cluster, topics } = options
    this.transactionalId = `${topology.name}-${randomUuid(random)}-0`
    this.reader = cluster.openReader()
    this.changelogs = new ChangelogWriter(this.outputs)
    this.backOff = new BackOff(options.config.outageMsMax)
    this.around = topics.surroundings(this.outputs, {
      now: () => clock.now(),
      random,
      badLimit: options.config.badLimit,
      watermarkIntervalMs: options.config.watermarkIntervalMs,
    })
  }

  private get stepHook(): { readonly at?: StepHook } {
    const at = this.options.events?.at
    return at === undefined ? {} : { at }
  }

  /** The tasks that run now. */
  get tasks(): Task[] {
    return [...this.slots.values()].flatMap(({ task }) => (task === undefined ? [] : [task]))
  }

  /** Name and state of every task assigned. */
  taskStates(): { readonly name: string; readonly state: string }[] {
    return [...this.slots].map(([name, { lifecycle }]) => ({ name, state: lifecycle.state }))
  }

  /**
   * One turn: follow the assignment, read and process, commit if it is time. Waits at most `maxWaitMs` for input.
   * Returns whether anything happened. @throws what only a person can mend.
   */
  async step(maxWaitMs: number, signal?: AbortSignal): Promise<boolean> {
    try {
      await this.followAssignment()
      const read = await this.readAndProcess(maxWaitMs, signal)
      const committed = await this.commitIfDue(read)
      this.backOff.succeeded()
      return read || committed
    } catch (error) {
      await this.react(error, signal)
      return true
    }
  }

  /** Commits whatever waits and hands every task over with a release; then the worker is done. */
  async close(): Promise<void> {
    try {
      if (this.tasks.length > 0) await this.commitNow(new Set(this.tasks))
    } finally {
      for (const slot of this.slots.values()) this.drop(slot)
      await this.reader.close()
      await this.options.membership.leave()
    }
  }

  /** Whether every assigned task is running. */
  isRunning(): boolean {
    return (
      this.assigned === this.options.membership.assigned() &&
      [...this.slots.values()].every(({ task }) => task !== undefined)
    )
  }

  /** Whether nothing waits to be committed or told. */
  isSettled(): boolean {
    const now = this.options.clock.now()
    return (
      this.assigned === this.options.membership.assigned() &&
      [...this.slots.values()].every(({ task }) => task !== undefined && !task.hasWork(now))
    )
  }

  // ---- assignment and take-over

  private async followAssignment(): Promise<void> {
    const assigned = this.options.membership.assigned()
    if (assigned !== this.assigned) await this.adopt(assigned)
    for (const slot of this.slots.values()) if (slot.task === undefined) await this.open(slot)
  }

  private async adopt(assigned: readonly TaskId[]): Promise<void> {
    const wanted = new Map(assigned.filter((id) => this.isStreamTask(id)).map((id) => [taskName(id), id]))
    const leaving = [...this.slots].filter(([name]) => !wanted.has(name))
    const releasing = new Set(leaving.flatMap(([, { task }]) => (task === undefined ? [] : [task])))
    if (releasing.size > 0) await this.commitNow(releasing)
    for (const [name, slot] of leaving) {
      this.drop(slot)
      slot.lifecycle.move('CLOSED')
      this.slots.delete(name)
    }
    for (const [name, id] of wanted)
      if (!this.slots.has(name)) this.slots.set(name, { id, lifecycle: new TaskLifecycle(name), task: undefined })
    this.assigned = assigned
  }

  /** Sink tasks are sink-slots.ts. */
  private isStreamTask({ subtopology }: TaskId): boolean {
    return this.options.topology.subtopologies[subtopology]?.kind === 'stream'
  }

  private async open(slot: Slot): Promise<void> {
    const { topology, backend, cluster, topics, clock } = this.options
    const subtopology = topology.subtopologies[slot.id.subtopology]
    assert(subtopology?.changelog !== undefined, `task ${taskName(slot.id)} is no stream task of this topology`)
    const producer = await this.ensureProducer()
    slot.lifecycle.move('CLAIMING')
    const changelog: TopicDescription = topics.describe(subtopology.changelog.name)
    const state = backend.open(slot.id, changelog.name, subtopology.stores)
    const me = { transactionalId: this.transactionalId, incarnation: this.incarnation }
    const access = changelogAccess({
      reader: this.reader,
      cluster,
      topic: changelog,
      partition: slot.id.partition,
      producer,
      writer: me,
      topologyHash: topology.hash,
      state,
      now: () => clock.now(),
      random: this.options.random,
    })
    const claim = await takeOver({
      task: slot.id,
      state,
      me,
      changelog: access,
      fenceWriter: (transactionalId) => this.fenceWriter(transactionalId),
      onRestore: (done, total) => {
        if (slot.lifecycle.state === 'CLAIMING') slot.lifecycle.move('RESTORING')
        this.options.events?.restoring?.(taskName(slot.id), done, total)
      },
      deleteRetentionMs: changelog.config.deleteRetentionMs,
      now: () => clock.now(),
      ...this.stepHook,
    })
    if (slot.lifecycle.state === 'CLAIMING') slot.lifecycle.move('RESTORING')
    const task = new Task(
      subtopology,
      slot.id.partition,
      state,
      claim,
      feedersOf(topology, subtopology),
      await topics.starts(subtopology, slot.id.partition),
      this.around,
    )
    await task.restore()
    slot.task = task
    slot.lifecycle.move('RUNNING')
    this.options.logger.info('task runs', { task: task.name, token: claim.token, restoredTo: claim.offset })
  }

  private async ensureProducer(): Promise<TransactionalProducer> {
    if (this.producer !== undefined) return this.producer
    const { cluster, membership, config } = this.options
    if (this.incarnation > 0 && !(await membership.confirmed()))
      throw new StreamsError('group_lost', 'the group no longer knows this worker')
    this.incarnation++
    this.producer = await cluster.initProducer({
      transactionalId: this.transactionalId,
      transactionTimeoutMs: config.transactionTimeoutMs,
    })
    return this.producer
  }

  private async fenceWriter(transactionalId: string): Promise<void> {
    const { cluster, config, logger } = this.options
    await cluster.initProducer({ transactionalId, transactionTimeoutMs: config.transactionTimeoutMs })
    logger.info('fenced a former writer', { transactionalId })
  }

  // ---- reading and processing

  private async readAndProcess(maxWaitMs: number, signal: AbortSignal | undefined): Promise<boolean> {
    const { config, clock } = this.options
    const readers = new Map<string, Task>()
    for (const task of this.tasks)
      for (const position of task.positions()) readers.set(topicPartitionName(position), task)
    if (readers.size === 0) {
      await clock.sleep(maxWaitMs, signal)
      return false
    }
    const fetched = await this.reader.fetch(
      this.tasks.flatMap((task) => task.positions()),
      {
        isolation: 'read_committed',
        maxBytes: config.fetchBytesMax,
        maxBytesPerPartition: config.fetchBytesPerPartitionMax,
        maxWaitMs: this.waitAtMost(maxWaitMs),
        ...(signal === undefined ? {} : { signal }),
      },
    )
    let read = false
    await this.options.events?.at?.('R1')
    for (const partition of fetched) {
      const task = readers.get(topicPartitionName(partition))
      assert(task !== undefined, 'a fetch answers what was asked')
      read = (await task.process(partition)) || read
    }
    if (!read) for (const task of this.tasks) task.declareIdle(clock.now(), config.idleAfterMs)
    return read
  }

  private waitAtMost(maxWaitMs: number): number {
    if (this.workSince === undefined) return maxWaitMs
    return Math.max(0, Math.min(maxWaitMs, DRAINED_COMMIT_INTERVAL_MS))
  }

  // ---- committing

  private async commitIfDue(read: boolean): Promise<boolean> {
    const { clock, config } = this.options
    const now = clock.now()
    if (!this.tasks.some((task) => task.hasWork(now))) return false
    this.workSince ??= now
    const drained = !read && now - this.lastCommitAt >= DRAINED_COMMIT_INTERVAL_MS
    const full = this.outputs.byteLength + this.bufferedBytes() > config.bufferedBytesMax
    if (!drained && !full && now - this.workSince < config.commitIntervalMs) return false
    await this.commitNow(new Set())
    return true
  }

  private bufferedBytes(): number {
    return this.tasks.reduce((sum, task) => sum + task.stores.bufferedBytes, 0)
  }

  private async commitNow(releasing: ReadonlySet<Task>): Promise<void> {
    const { clock, membership, events } = this.options
    const now = clock.now()
    const tasks = this.tasks.filter((task) => releasing.has(task) || task.hasWork(now))
    const producer = await this.ensureProducer()
    const failed: Task[] = []
    try {
      await commit(
        {
          producer,
          writer: { transactionalId: this.transactionalId, incarnation: this.incarnation },
          outputs: this.outputs,
          changelogs: this.changelogs,
          group: membership.metadata(),
          now: () => clock.now(),
          ...this.stepHook,
          flushFailed: (task, error) => {
            if (reactionTo(error) === 'stop') throw error
            failed.push(task)
          },
        },
        tasks,
        releasing,
      )
    } catch (error) {
      events?.commitFailed?.(error)
      throw error
    }
    for (const task of failed) this.forget(task)
    this.workSince = undefined
    this.lastCommitAt = clock.now()
    events?.committed?.(tasks, this.lastCommitAt - now)
  }

  // ---- failures

  private async react(error: unknown, signal: AbortSignal | undefined): Promise<void> {
    const { clock, logger } = this.options
    const reaction = reactionTo(error)
    if (reaction === 'stop') throw error
    const pause = this.backOff.failed(clock.now())
    if (pause === undefined)
      throw new StreamsError('outage', 'failures have followed each other for too long', { cause: error })
    logger.warn(`${reaction}`, { error: error instanceof Error ? error.message : String(error), pauseMs: pause })
    this.discard(reaction === 'new incarnation')
    await clock.sleep(pause, signal)
  }

  /** Forgets everything since the last commit. The log still has it: tasks are opened again from there. */
  private discard(newIncarnation: boolean): void {
    if (newIncarnation) this.producer = undefined
    this.outputs.reuse(this.outputs.take())
    this.workSince = undefined
    for (const slot of this.slots.values()) if (slot.task !== undefined) this.forget(slot.task)
  }

  private forget(task: Task): void {
    const slot = this.slots.get(task.name)
    if (slot?.task !== task) return
    slot.task = undefined
    slot.lifecycle.move('CLAIMING')
  }

  private drop(slot: Slot): void {
    slot.task = undefined
    if (slot.lifecycle.state === 'RUNNING') slot.lifecycle.move('SUSPENDED')
  }
}

/** Every task that broadcasts its watermark to this sub-topology. */
function feedersOf(topology: CompiledTopology, subtopology: Subtopology): TaskId[] {
  return subtopology.upstream.flatMap((id) => {
    const partitions = topology.subtopologies[id]?.partitions ?? 0
    return Array.from({ length: partitions }, (_, partition) => ({ subtopology: id, partition }))
  })
}
