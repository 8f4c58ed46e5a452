// State in this process, rebuilt from the changelog after a restart. It fences like any other backend, so that whoever runs on it runs on all.
// What a task leaves behind stays here: a later owner in the same process claims it and reads only the rest of the log.
import { type TaskId, taskName } from '../../core/topic-partition.ts'
import type {
  Changes,
  Checkpoint,
  CheckpointMove,
  StartRange,
  StateBackend,
  StateView,
  StateWalk,
  TaskState,
} from '../backend.ts'
import { chunksOf, type FlushInChunks } from '../change-chunks.ts'
import { TableWalk } from './table-walk.ts'
import { TaskCopy } from './task-copy.ts'

export class MemoryBackend implements StateBackend {
  readonly kind = 'memory'
  readonly isShared = false
  private readonly copies = new Map<string, TaskCopy>()
  private readonly flushInChunks: FlushInChunks | undefined

  /** Without `flushInChunks` a flush is one step; with it, it can be interrupted as it can be in a remote store. */
  constructor(flushInChunks?: FlushInChunks) {
    this.flushInChunks = flushInChunks
  }

  open(task: TaskId, changelogTopic: string): TaskState {
    const name = nameOf(task, changelogTopic)
    let copy = this.copies.get(name)
    if (copy === undefined) {
      copy = new TaskCopy()
      this.copies.set(name, copy)
    }
    return new MemoryTaskState(task, copy, this.flushInChunks)
  }

  view(task: TaskId, changelogTopic: string): StateView {
    const name = nameOf(task, changelogTopic)
    return { read: async (store, keys) => this.copies.get(name)?.read(store, keys) }
  }

  async close(): Promise<void> {
    this.copies.clear()
  }
}

function nameOf(task: TaskId, changelogTopic: string): string {
  return `${changelogTopic} ${taskName(task)}`
}

class MemoryTaskState implements TaskState {
  readonly isResident = true
  private readonly task: TaskId
  private readonly copy: TaskCopy
  private readonly flushInChunks: FlushInChunks | undefined

  constructor(task: TaskId, copy: TaskCopy, flushInChunks: FlushInChunks | undefined) {
    this.task = task
    this.copy = copy
    this.flushInChunks = flushInChunks
  }

  async checkpoint(): Promise<Checkpoint | undefined> {
    return this.copy.checkpoint
  }

  async claim(claim: {
    readonly token: number
    readonly topicId: string
    readonly logEnd: number
  }): Promise<Checkpoint> {
    return this.copy.claim(claim)
  }

  async wipe(token: number, topicId: string): Promise<Checkpoint> {
    return this.copy.wipe(token, topicId)
  }

  load(at: { readonly token: number; readonly offset: number }): undefined {
    this.copy.requireWhole(at)
    return undefined
  }

  get(store: string, key: Buffer, keyStart: number, keyEnd: number): Buffer | undefined {
    return this.copy.stores.get(store)?.get(key, keyStart, keyEnd)
  }

  async apply(changes: Changes, move: CheckpointMove): Promise<void> {
    if (this.flushInChunks === undefined) this.copy.applyChunk(changes, move, 0)
    else await this.applyInChunks(changes, move, this.flushInChunks)
    this.copy.finish(move)
  }

  walk(store: string, starts?: StartRange): StateWalk {
    return new TableWalk(() => this.copy.stores.get(store), starts)
  }

  entries(store: string): number {
    return this.copy.stores.get(store)?.count ?? 0
  }

  bytes(store: string): number {
    return this.copy.stores.get(store)?.byteLength ?? 0
  }

  async close(): Promise<void> {}

  private async applyInChunks(changes: Changes, move: CheckpointMove, { size, between }: FlushInChunks): Promise<void> {
    const chunks = chunksOf(changes, size)
    for (const [i, chunk] of chunks.entries()) {
      this.copy.applyChunk(chunk, move, i)
      if (i < chunks.length - 1) await between(this.task, i)
    }
  }
}
