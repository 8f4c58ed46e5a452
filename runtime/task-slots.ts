// The tasks of one worker: opened as they are assigned, released when they go, forgotten when they have failed.
// What they read and commit is the worker's business.
import { type TaskId, taskName } from '../core/topic-partition.ts'
import type { LogReader } from '../kafka/cluster.ts'
import type { Incarnation } from './incarnation.ts'
import { openTask } from './open-task.ts'
import type { Task, TaskSurroundings } from './task.ts'
import { TaskLifecycle, type TaskState } from './task-lifecycle.ts'
import type { WorkerOptions } from './worker-options.ts'

/** What the slots need of their worker. */
export interface SlotParts {
  readonly incarnation: Incarnation
  readonly reader: LogReader
  readonly around: TaskSurroundings
  /** Commits what these tasks have, each with a release at its end. */
  readonly release: (tasks: ReadonlySet<Task>) => Promise<void>
}

interface Slot {
  readonly id: TaskId
  readonly lifecycle: TaskLifecycle
  task: Task | undefined
}

export class TaskSlots {
  private readonly options: WorkerOptions
  private readonly parts: SlotParts
  private readonly slots = new Map<string, Slot>()
  assigned: readonly TaskId[] = []

  constructor(options: WorkerOptions, parts: SlotParts) {
    this.options = options
    this.parts = parts
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
    return (
      this.assigned === this.options.membership.assigned() &&
      [...this.slots.values()].every(({ task }) => task !== undefined)
    )
  }

  /** Releases what is no longer assigned and opens what is. */
  async follow(): Promise<void> {
    const assigned = this.options.membership.assigned()
    if (assigned !== this.assigned) await this.adopt(assigned)
    for (const slot of this.slots.values()) if (slot.task === undefined) await this.open(slot)
  }

  /** The task goes through take-over again. */
  async forget(task: Task): Promise<void> {
    const slot = this.slots.get(task.name)
    if (slot?.task !== task) return
    slot.lifecycle.move('CLAIMING')
    await this.closeState(slot)
  }

  async close(): Promise<void> {
    for (const slot of this.slots.values()) await this.drop(slot)
  }

  private async adopt(assigned: readonly TaskId[]): Promise<void> {
    const wanted = new Map(assigned.filter((id) => this.isStreamTask(id)).map((id) => [taskName(id), id]))
    const leaving = [...this.slots].filter(([name]) => !wanted.has(name))
    const releasing = new Set(leaving.flatMap(([, { task }]) => (task === undefined ? [] : [task])))
    if (releasing.size > 0) await this.parts.release(releasing)
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
    const { logger, events, clock } = this.options
    const begunAt = clock.now()
    const { incarnation, reader, around } = this.parts
    slot.lifecycle.move('CLAIMING')
    const opened = await openTask(slot.id, incarnation, this.options, {
      reader,
      around,
      onRestore: (done, total) => {
        if (slot.lifecycle.state === 'CLAIMING') slot.lifecycle.move('RESTORING')
        events?.restoring?.(taskName(slot.id), done, total)
      },
    })
    if (slot.lifecycle.state === 'CLAIMING') slot.lifecycle.move('RESTORING')
    await opened.restore()
    slot.task = opened
    slot.lifecycle.move('RUNNING')
    events?.opened?.(opened.name, clock.now() - begunAt)
    logger.info('task runs', { task: opened.name, token: opened.claim.token, restoredTo: opened.claim.offset })
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
