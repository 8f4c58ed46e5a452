// A worker: one event loop that reads for its tasks, lets them process, and commits them together. Its step is the engine's heartbeat. Just over 300
// lines, because the step, its commit and its one way back from failures are read together.
import { assert } from '../core/assert.ts'
import { StreamsError } from '../core/errors.ts'
import { randomUuid } from '../core/random.ts'
import { type TaskId, taskName, topicPartitionName } from '../core/topic-partition.ts'
import type { LogReader } from '../kafka/cluster.ts'
import { ChangelogWriter } from './changelog-writer.ts'
import { commit } from './commit-cycle.ts'
import { BackOff, reactionTo } from './failure-policy.ts'
import { Incarnation } from './incarnation.ts'
import { openTask } from './open-task.ts'
import { OutputBuffers } from './output-buffers.ts'
import type { StepHook } from './steps.ts'
import type { Task, TaskSurroundings } from './task.ts'
import { TaskLifecycle } from './task-lifecycle.ts'
import type { WorkerOptions } from './worker-options.ts'

interface Slot {
  readonly id: TaskId
  readonly lifecycle: TaskLifecycle
  task: Task | undefined
}

/** When drained, commits follow each other no faster than this, ms. */
const DRAINED_COMMIT_INTERVAL_MS = 10

export class Worker {
  private readonly options: WorkerOptions
  private readonly slots = new Map<string, Slot>()
  private readonly outputs = new OutputBuffers()
  private readonly reader: LogReader
  private readonly changelogs: ChangelogWriter
  private readonly around: TaskSurroundings
  private readonly backOff: BackOff
  private assigned: readonly TaskId[] = []
  private readonly incarnation: Incarnation
  private lastCommitAt = Number.NEGATIVE_INFINITY
  private workSince: number | undefined
  private hasFailed = false

  constructor(options: WorkerOptions) {
    this.options = options
    const { topology, clock, random, cluster, topics } = options
    this.incarnation = new Incarnation(`${topology.name}-${randomUuid(random)}-0`, options)
    this.reader = cluster.openReader()
    this.changelogs = new ChangelogWriter(this.outputs)
    this.backOff = new BackOff(options.config.outageMsMax)
    this.around = topics.surroundings(this.outputs, {
      now: () => clock.now(),
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

  /**
   * Commits whatever waits and hands every task over with a release; then the worker is done.
   * After a failure it commits nothing: a batch may be half processed, its position not yet moved.
   */
  async close(): Promise<void> {
    try {
      if (this.tasks.length > 0 && !this.hasFailed) await this.commitNow(new Set(this.tasks))
    } finally {
      for (const slot of this.slots.values()) await this.drop(slot)
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
      await this.drop(slot)
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
    const { logger, events } = this.options
    slot.lifecycle.move('CLAIMING')
    const opened = await openTask(slot.id, this.incarnation, this.options, {
      reader: this.reader,
      around: this.around,
      onRestore: (done, total) => {
        if (slot.lifecycle.state === 'CLAIMING') slot.lifecycle.move('RESTORING')
        events?.restoring?.(taskName(slot.id), done, total)
      },
    })
    if (slot.lifecycle.state === 'CLAIMING') slot.lifecycle.move('RESTORING')
    await opened.restore()
    slot.task = opened
    slot.lifecycle.move('RUNNING')
    logger.info('task runs', { task: opened.name, token: opened.claim.token, restoredTo: opened.claim.offset })
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
    const producer = await this.incarnation.producer()
    const failed: Task[] = []
    try {
      await commit(
        {
          producer,
          writer: this.incarnation.writer,
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
    for (const task of failed) await this.forget(task)
    this.workSince = undefined
    this.lastCommitAt = clock.now()
    events?.committed?.(tasks, this.lastCommitAt - now)
  }

  // ---- failures

  private async react(error: unknown, signal: AbortSignal | undefined): Promise<void> {
    const { clock, logger } = this.options
    const reaction = reactionTo(error)
    if (reaction === 'stop') {
      this.hasFailed = true
      throw error
    }
    const pause = this.backOff.failed(clock.now())
    if (pause === undefined) {
      this.hasFailed = true
      throw new StreamsError('outage', 'failures have followed each other for too long', { cause: error })
    }
    logger.warn(`${reaction}`, { error: error instanceof Error ? error.message : String(error), pauseMs: pause })
    await this.discard(reaction === 'new incarnation')
    await clock.sleep(pause, signal)
  }

  /** Forgets everything since the last commit. The log still has it: tasks are opened again from there. */
  private async discard(newIncarnation: boolean): Promise<void> {
    if (newIncarnation) this.incarnation.end()
    this.outputs.reuse(this.outputs.take())
    this.workSince = undefined
    for (const slot of this.slots.values()) if (slot.task !== undefined) await this.forget(slot.task)
  }

  private async forget(task: Task): Promise<void> {
    const slot = this.slots.get(task.name)
    if (slot?.task !== task) return
    slot.lifecycle.move('CLAIMING')
    await this.closeState(slot)
  }

  private async drop(slot: Slot): Promise<void> {
    if (slot.lifecycle.state === 'RUNNING') slot.lifecycle.move('SUSPENDED')
    await this.closeState(slot)
  }

  /** Gives back what the backend holds for the task in this process; what it has stored stays. */
  private async closeState(slot: Slot): Promise<void> {
    const { task } = slot
    slot.task = undefined
    try {
      await task?.state.close()
    } catch (error) {
      this.options.logger.debug('a state was not closed', { task: taskName(slot.id), error: String(error) })
    }
  }
}
