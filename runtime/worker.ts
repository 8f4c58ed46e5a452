// A worker: one event loop that reads for its tasks, lets them process, and commits them together. Its step is the engine's heartbeat.
// Which tasks it has, and how they are opened, is task-slots.ts.
import { assert } from '../core/assert.ts'
import { StreamsError } from '../core/errors.ts'
import { randomUuid } from '../core/random.ts'
import { type TaskId, topicPartitionName } from '../core/topic-partition.ts'
import type { LogReader } from '../kafka/cluster.ts'
import { ChangelogWriter } from './changelog-writer.ts'
import type { CommitParts } from './commit-cycle.ts'
import { Commits } from './commits.ts'
import { BackOff, reactionTo } from './failure-policy.ts'
import { Incarnation } from './incarnation.ts'
import { OutputBuffers } from './output-buffers.ts'
import type { Task } from './task.ts'
import { TaskSlots } from './task-slots.ts'
import type { WorkerOptions } from './worker-options.ts'

/** When drained, commits follow each other no faster than this, ms. */
const DRAINED_COMMIT_INTERVAL_MS = 10
/** While no commit can begin, little input may as well gather at the broker: each answer costs as much as some hundred records. */
const GATHERED_BYTES = 64 * 1024

export class Worker {
  private readonly options: WorkerOptions
  private readonly slots: TaskSlots
  private readonly outputs = new OutputBuffers()
  private readonly reader: LogReader
  private readonly changelogs: ChangelogWriter
  private readonly backOff: BackOff
  private readonly incarnation: Incarnation
  private readonly commits: Commits
  /** When the first record of the next commit was read, ms UTC. */
  private workSince: number | undefined
  private hasFailed = false

  constructor(options: WorkerOptions) {
    this.options = options
    const { topology, clock, random, cluster, topics, events } = options
    this.incarnation = new Incarnation(`${topology.name}-${randomUuid(random)}-0`, options)
    this.reader = cluster.openReader()
    this.changelogs = new ChangelogWriter(this.outputs)
    this.commits = new Commits(() => clock.now(), {
      committed: (commit, tookMs) => events?.committed?.(commit, tookMs),
      failed: (error) => events?.commitFailed?.(error),
    })
    this.backOff = new BackOff(options.config.outageMsMax)
    const { nodes, config } = options
    const { badLimit, watermarkIntervalMs, windowsAtOnce } = config
    this.slots = new TaskSlots(options, {
      incarnation: this.incarnation,
      around: topics.surroundings(this.outputs, {
        now: () => clock.now(),
        ...{ badLimit, watermarkIntervalMs, windowsAtOnce, nodes },
      }),
      release: (tasks) => this.release(tasks),
      commitEnded: () => this.commits.conclude(),
    })
  }

  /** The tasks that run now. */
  get tasks(): Task[] {
    return this.slots.tasks
  }

  /** What the group has given this process, sink tasks included, as far as the worker has followed it; the same array until that changes. */
  get assigned(): readonly TaskId[] {
    return this.slots.assigned
  }

  /** Name and state of every task assigned. */
  taskStates(): { readonly name: string; readonly state: string }[] {
    return this.slots.states()
  }

  /**
   * One turn: follow the assignment, read and process, commit if it is time. Waits at most `maxWaitMs` for input.
   * Returns whether anything happened. @throws what only a person can mend.
   */
  async step(maxWaitMs: number, signal?: AbortSignal): Promise<boolean> {
    const { times } = this.options
    try {
      times.enter('opening')
      await this.slots.follow(maxWaitMs, signal)
      times.enter('waiting')
      // The partitions to fetch change with each task that opens, and a broker answers a fetch that waits before the next one.
      const waitMs = this.slots.isOpening() ? 0 : maxWaitMs
      const read = await this.slots.wakeful(signal, (wake) => this.readAndProcess(waitMs, wake))
      times.enter('committing')
      const committed = await this.commitIfDue(read)
      times.enter('waiting')
      if (!read && !committed) await this.slots.untilNews(signal)
      if (committed || !this.slots.isOpening()) this.backOff.succeeded()
      return read || committed
    } catch (error) {
      times.enter('backing_off')
      await this.react(error, signal)
      return true
    } finally {
      times.enter('waiting')
    }
  }

  /**
   * Commits whatever waits and hands every task over with a release; then the worker is done.
   * After a failure it commits nothing: a batch may be half processed, its position not yet moved.
   */
  async close(): Promise<void> {
    try {
      if (this.tasks.length > 0 && !this.hasFailed) await this.release(new Set(this.tasks))
    } catch (error) {
      if (reactionTo(error) === 'stop') throw error
      // Brokers are away, or have forgotten a producer that was idle for a week: whoever takes the tasks over finds no release, and fences.
      this.options.logger.warn('tasks were not released', { error: String(error) })
    } finally {
      await this.commits.abandon()
      await this.slots.close()
      await this.reader.close()
      await this.options.membership.leave()
    }
  }

  /** Whether every assigned task is running. */
  isRunning(): boolean {
    return this.slots.isRunning()
  }

  /** Whether nothing waits to be committed or told. */
  isSettled(): boolean {
    const now = this.options.clock.now()
    return this.slots.isRunning() && !this.commits.isUnderWay && this.tasks.every((task) => !task.hasWork(now))
  }

  // ---- reading and processing

  private async readAndProcess(maxWaitMs: number, signal: AbortSignal): Promise<boolean> {
    const { config, clock } = this.options
    const readers = new Map<string, Task>()
    const positions = this.tasks.flatMap((task) => {
      const wanted = task.wanted()
      for (const position of wanted) readers.set(topicPartitionName(position), task)
      return wanted
    })
    if (readers.size === 0) {
      await clock.sleep(this.patience(maxWaitMs).maxWaitMs, signal)
      return false
    }
    const fetched = await this.reader.fetch(positions, {
      isolation: 'read_committed',
      maxBytes: config.fetchBytesMax,
      maxBytesPerPartition: config.fetchBytesPerPartitionMax,
      ...this.patience(maxWaitMs),
      signal,
    })
    // What a backend that is asked has loaded is readable until it follows a commit: so it follows first.
    if (this.tasks.some(({ state }) => !state.isResident)) await this.commits.conclude()
    let read = false
    this.options.times.enter('processing')
    await this.options.events?.at?.('R1')
    for (const partition of fetched) {
      const task = readers.get(topicPartitionName(partition))
      assert(task !== undefined, 'a fetch answers what was asked')
      this.options.events?.fetched?.(partition.topic, partition.batches.length)
      read = (await task.process(partition)) || read
    }
    if (!read) for (const task of new Set(readers.values())) task.declareIdle(clock.now(), config.idleAfterMs)
    return read
  }

  /** How long to wait for input, and for how much of it: until the next commit may begin there is time. */
  private patience(maxWaitMs: number): { readonly maxWaitMs: number; readonly minBytes: number } {
    const restMs = Math.ceil(this.commits.restMs(DRAINED_COMMIT_INTERVAL_MS))
    if (restMs > 0) return { maxWaitMs: Math.min(maxWaitMs, restMs), minBytes: GATHERED_BYTES }
    return { maxWaitMs: this.workSince === undefined ? maxWaitMs : 0, minBytes: 1 }
  }

  // ---- committing

  private async commitIfDue(read: boolean): Promise<boolean> {
    const concluded = await this.commits.concludeIfDecided()
    const now = this.options.clock.now()
    if (this.tasks.some((task) => task.hasWork(now))) this.workSince ??= now
    if (this.isCommitDue(now, read)) {
      await this.beginCommit(new Set())
      return true
    }
    if (read || !this.commits.isUnderWay) return concluded
    await this.commits.conclude()
    return true
  }

  private isCommitDue(now: number, read: boolean): boolean {
    if (this.workSince === undefined) return false
    const { bufferedBytesMax, commitIntervalMs } = this.options.config
    const bytes = this.outputs.byteLength + this.tasks.reduce((sum, { stores }) => sum + stores.bufferedBytes, 0)
    if (bytes > bufferedBytesMax || now - this.workSince >= commitIntervalMs) return true
    const isWaiting = !read || this.tasks.every((task) => task.isDrained) || this.tasks.some((task) => task.isClosing)
    return isWaiting && this.commits.restMs(DRAINED_COMMIT_INTERVAL_MS) <= 0
  }

  /** The commit before it ends first. */
  private async beginCommit(releasing: ReadonlySet<Task>): Promise<void> {
    await this.commits.conclude()
    const now = this.options.clock.now()
    const tasks = this.tasks.filter((task) => releasing.has(task) || task.hasWork(now))
    await this.commits.begin(await this.commitParts(), tasks, releasing)
    this.workSince = undefined
  }

  private async commitParts(): Promise<CommitParts> {
    const { clock, membership, events } = this.options
    return {
      producer: await this.incarnation.producer(),
      writer: this.incarnation.writer,
      outputs: this.outputs,
      changelogs: this.changelogs,
      group: membership.metadata(),
      now: () => clock.now(),
      ...(events?.at === undefined ? {} : { at: events.at }),
    }
  }

  private async release(tasks: ReadonlySet<Task>): Promise<void> {
    await this.beginCommit(tasks)
    await this.commits.conclude()
  }

  // ---- failures

  private async react(error: unknown, signal: AbortSignal | undefined): Promise<void> {
    const { clock, logger, events } = this.options
    const reaction = reactionTo(error)
    events?.failed?.(error, reaction)
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
    const isDecided = await this.commits.abandon()
    if (newIncarnation || !isDecided) {
      this.incarnation.end()
      await this.slots.forgetIncarnation()
    }
    this.outputs.reuse(this.outputs.take())
    this.workSince = undefined
    for (const task of this.tasks) await this.slots.forget(task)
  }
}
