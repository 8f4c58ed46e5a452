// The tasks of one worker: opened as they are assigned, released when they go, forgotten when they have failed.
// Opening goes on beside the worker's loop, so that the tasks it has are not interrupted; all that changes a slot happens in the loop.
// What tasks read and commit is the worker's business.
import { StreamsError } from '../core/errors.ts'
import { type TaskId, taskName } from '../core/topic-partition.ts'
import { Bell } from './bell.ts'
import { releaseOf } from './claim-release.ts'
import { BackOff, reactionTo } from './failure-policy.ts'
import { FenceTurn, sendAlone } from './fence-turn.ts'
import type { Incarnation } from './incarnation.ts'
import { Opening } from './opening.ts'
import type { Task, TaskSurroundings } from './task.ts'
import { TaskLifecycle, type TaskState } from './task-lifecycle.ts'
import type { WorkerOptions } from './worker-options.ts'

/** What the slots need of their worker. */
export interface SlotParts {
  readonly incarnation: Incarnation
  readonly around: TaskSurroundings
  /** Commits what these tasks have, each with a release at its end. */
  readonly release: (tasks: ReadonlySet<Task>) => Promise<void>
  /** Waits for the commit that is under way, if one is: the producer has one transaction at a time. */
  readonly commitEnded: () => Promise<void>
}

interface Slot {
  readonly id: TaskId
  readonly lifecycle: TaskLifecycle
  readonly backOff: BackOff
  /** Until when the former owner's release is waited for, ms UTC. */
  readonly releaseBy: number
  opening: Opening | undefined
  /** Not opened again before, ms UTC. */
  pausedUntil: number
  task: Task | undefined
  /** Whether a fence of this incarnation stands in its log. */
  isClaimed: boolean
}

/** At a time: each has a connection to every broker and may have a MB in flight. */
const OPENINGS_MAX = 16
/** How long the worker waits at most before it looks again what has become of its openings, ms. */
const LOOK_AGAIN_MS = 10

export class TaskSlots {
  private readonly options: WorkerOptions
  private readonly parts: SlotParts
  private readonly slots = new Map<string, Slot>()
  private readonly bell = new Bell()
  private readonly fences = new FenceTurn(() => this.bell.ring())
  /** Openings given up, by task. */
  private readonly abandoned = new Map<string, Promise<void>>()
  assigned: readonly TaskId[] = []

  constructor(options: WorkerOptions, parts: SlotParts) {
    this.options = options
    this.parts = parts
    options.membership.onChange(() => this.bell.ring())
    options.topics.onSchema(() => this.bell.ring())
  }

  /** The tasks that run now. */
  get tasks(): Task[] {
    return [...this.slots.values()].flatMap(({ task }) => (task === undefined ? [] : [task]))
  }

  /** Name and state of every task assigned. */
  states(): { readonly name: string; readonly state: TaskState }[] {
    return [...this.slots].map(([name, { lifecycle }]) => ({ name, state: lifecycle.state }))
  }

  /** Whether every assigned task is running. */
  isRunning(): boolean {
    return this.assigned === this.options.membership.assigned() && !this.isOpening()
  }

  /** Whether a task is to be opened, or on its way. */
  isOpening(): boolean {
    return [...this.slots.values()].some(({ task }) => task === undefined)
  }

  /** The slots' turn, between two commits. While nothing runs, nothing is kept waiting: then it goes on until something does. */
  async follow(maxWaitMs: number, signal?: AbortSignal): Promise<void> {
    await this.turn()
    const { clock } = this.options
    const until = clock.now() + Math.max(maxWaitMs, LOOK_AGAIN_MS)
    while (this.tasks.length === 0 && this.isOpening() && clock.now() < until && !signal?.aborted) {
      await this.untilNews(signal)
      await this.turn()
    }
  }

  /** Until something has become of an opening; a moment at most, and not at all when there is none. */
  async untilNews(signal?: AbortSignal): Promise<void> {
    const { clock } = this.options
    if (this.isOpening()) await this.wakeful(signal, (wake) => clock.sleep(LOOK_AGAIN_MS, wake))
  }

  /** Runs a wait of the loop, and ends it when the slots need their turn: for an assignment, a task that opens, or a schema that has come. */
  wakeful<Result>(signal: AbortSignal | undefined, wait: (wake: AbortSignal) => Promise<Result>): Promise<Result> {
    return this.bell.endingAtRing(signal, wait)
  }

  /** The task goes through take-over again. */
  async forget(task: Task): Promise<void> {
    const slot = this.slots.get(task.name)
    if (slot?.task !== task) return
    slot.lifecycle.move('CLAIMING')
    await this.closeState(slot)
  }

  /** Every task, running or on its way, goes through take-over again: what an incarnation has claimed ends with it. */
  async forgetIncarnation(): Promise<void> {
    for (const slot of this.slots.values()) {
      this.abandon(slot)
      slot.isClaimed = false
    }
    for (const task of this.tasks) await this.forget(task)
  }

  async close(): Promise<void> {
    for (const slot of this.slots.values()) await this.drop(slot)
    await Promise.all(this.abandoned.values())
  }

  private async turn(): Promise<void> {
    const { membership, events } = this.options
    const { incarnation } = this.parts
    this.bell.silence()
    const assigned = membership.assigned()
    if (assigned !== this.assigned) await this.adopt(assigned)
    if (!this.isOpening()) return
    const producer = await incarnation.producer()
    this.beginOpenings()
    if (this.fences.isAsked) {
      await this.parts.commitEnded()
      await this.fences.write(producer, events?.at)
    }
    for (const slot of this.slots.values()) this.takeIn(slot)
  }

  // ---- assignment

  private async adopt(assigned: readonly TaskId[]): Promise<void> {
    const wanted = new Map(assigned.filter((id) => this.isStreamTask(id)).map((id) => [taskName(id), id]))
    const leaving = [...this.slots].filter(([name]) => !wanted.has(name))
    const releasing = new Set(leaving.flatMap(([, { task }]) => (task === undefined ? [] : [task])))
    if (releasing.size > 0) await this.parts.release(releasing)
    await this.releaseClaims(leaving.map(([, slot]) => slot))
    for (const [name, slot] of leaving) {
      await this.drop(slot)
      slot.lifecycle.move('CLOSED')
      this.slots.delete(name)
    }
    for (const [name, id] of wanted) if (!this.slots.has(name)) this.slots.set(name, this.slotFor(id))
    this.assigned = assigned
  }

  /** Of tasks that were claimed and do not run: their next owners would wait for a release, and then fence us. */
  private async releaseClaims(leaving: readonly Slot[]): Promise<void> {
    for (const slot of leaving) this.abandon(slot)
    const claimed = leaving.filter(({ task, isClaimed }) => task === undefined && isClaimed)
    if (claimed.length === 0) return
    const { topology, clock } = this.options
    const producer = await this.parts.incarnation.producer()
    const { writer } = this.parts.incarnation
    await this.parts.commitEnded()
    await sendAlone(
      producer,
      claimed.map(({ id }) => releaseOf(id, topology, writer, clock.now())),
    )
  }

  private slotFor(id: TaskId): Slot {
    const { membership, clock, config } = this.options
    return {
      id,
      lifecycle: new TaskLifecycle(taskName(id)),
      backOff: new BackOff(config.outageMsMax),
      releaseBy: membership.isHandedOver(id) ? clock.now() + config.releaseWaitMs : Number.NEGATIVE_INFINITY,
      opening: undefined,
      pausedUntil: Number.NEGATIVE_INFINITY,
      task: undefined,
      isClaimed: false,
    }
  }

  /** Sink tasks are sink-slots.ts. */
  private isStreamTask({ subtopology }: TaskId): boolean {
    return this.options.topology.subtopologies[subtopology]?.kind === 'stream'
  }

  // ---- opening

  private beginOpenings(): void {
    const slots = [...this.slots.values()]
    const now = this.options.clock.now()
    const places = OPENINGS_MAX - slots.filter(({ opening }) => opening !== undefined).length
    const due = slots.filter(({ task, opening, pausedUntil }) => !task && !opening && pausedUntil <= now)
    for (const slot of due.slice(0, places)) slot.opening = this.open(slot)
  }

  private open(slot: Slot): Opening {
    const { id, lifecycle, releaseBy } = slot
    const { events } = this.options
    const { incarnation, around } = this.parts
    const name = taskName(id)
    lifecycle.move('CLAIMING')
    return new Opening(id, this.options, {
      ...{ around, releaseBy },
      writer: incarnation.writer,
      fenceWriter: (transactionalId) => incarnation.fence(transactionalId),
      writeFence: async (fence, signal) => {
        const offset = await this.fences.ask(fence, signal)
        slot.isClaimed = true
        return offset
      },
      onRestore: (done, total) => {
        if (lifecycle.state === 'CLAIMING') lifecycle.move('RESTORING')
        events?.restoring?.(name, done, total)
      },
      after: this.abandoned.get(name),
      onEnd: () => this.bell.ring(),
    })
  }

  /** @throws what is more than this task's own failure. */
  private takeIn(slot: Slot): void {
    const { opening } = slot
    if (opening?.outcome === undefined) return
    slot.opening = undefined
    if (opening.outcome.kind === 'opened') this.begin(slot, opening.outcome.task, opening.begunAt)
    else this.openLater(slot, opening.outcome.error)
  }

  private begin(slot: Slot, task: Task, begunAt: number): void {
    const { clock, events, logger } = this.options
    slot.task = task
    slot.backOff.succeeded()
    if (slot.lifecycle.state === 'CLAIMING') slot.lifecycle.move('RESTORING')
    slot.lifecycle.move('RUNNING')
    events?.opened?.(task.name, clock.now() - begunAt)
    logger.info('task runs', { task: task.name, token: task.claim.token, restoredTo: task.claim.offset })
  }

  private openLater(slot: Slot, error: unknown): void {
    const { clock, events, logger } = this.options
    const reaction = reactionTo(error)
    if (reaction === 'stop' || reaction === 'new incarnation') throw error
    events?.failed?.(error, reaction)
    const pauseMs = slot.backOff.failed(clock.now())
    if (pauseMs === undefined)
      throw new StreamsError('outage', 'failures have followed each other for too long', { cause: error })
    logger.warn(reaction, {
      task: taskName(slot.id),
      error: error instanceof Error ? error.message : String(error),
      pauseMs,
    })
    slot.pausedUntil = clock.now() + pauseMs
  }

  // ---- the end

  private async drop(slot: Slot): Promise<void> {
    this.abandon(slot)
    if (slot.lifecycle.state === 'RUNNING') slot.lifecycle.move('SUSPENDED')
    await this.closeState(slot)
  }

  private abandon(slot: Slot): void {
    if (slot.opening === undefined) return
    const name = taskName(slot.id)
    const ended = slot.opening.abandon().then(() => {
      if (this.abandoned.get(name) === ended) this.abandoned.delete(name)
    })
    this.abandoned.set(name, ended)
    slot.opening = undefined
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
