// Hooks around every call to a state backend, for simulations: a call can be delayed, lost before it takes effect, or left unanswered after it.
import type { TaskId } from '../core/topic-partition.ts'
import type { Changes, Checkpoint, CheckpointMove, StartRange, StateBackend, StateWalk, TaskState } from './backend.ts'
import { copyOf, type FlushInChunks } from './change-chunks.ts'

export interface StateCall {
  readonly task: TaskId
  readonly name: 'checkpoint' | 'claim' | 'wipe' | 'load' | 'apply' | 'apply chunk' | 'walk' | 'close'
}

/** Either hook may wait or throw: from `before` the call is lost, from `after` it was done and nobody knows. */
export interface StateFaults {
  before?(call: StateCall): Promise<void> | void
  after?(call: StateCall): Promise<void> | void
}

export function withFaults(backend: StateBackend, faults: StateFaults): StateBackend {
  return {
    kind: backend.kind,
    isShared: backend.isShared,
    open: (task, changelogTopic, stores) =>
      new FaultyTaskState(task, backend.open(task, changelogTopic, stores), faults),
    view: (task, changelogTopic, stores) => backend.view(task, changelogTopic, stores),
    close: () => backend.close(),
  }
}

/** For a memory backend: hooks between the chunks of a flush, where an error leaves it torn. */
export function chunksWithFaults(size: number, faults: StateFaults): FlushInChunks {
  return {
    size,
    between: async (task) => {
      await faults.after?.({ task, name: 'apply chunk' })
      await faults.before?.({ task, name: 'apply chunk' })
    },
  }
}

class FaultyTaskState implements TaskState {
  readonly isResident: boolean
  private readonly task: TaskId
  private readonly inner: TaskState
  private readonly faults: StateFaults

  constructor(task: TaskId, inner: TaskState, faults: StateFaults) {
    this.isResident = inner.isResident
    this.task = task
    this.inner = inner
    this.faults = faults
  }

  checkpoint(): Promise<Checkpoint | undefined> {
    return this.call('checkpoint', () => this.inner.checkpoint())
  }

  claim(claim: { readonly token: number; readonly topicId: string; readonly logEnd: number }): Promise<Checkpoint> {
    return this.call('claim', () => this.inner.claim(claim))
  }

  wipe(token: number, topicId: string): Promise<Checkpoint> {
    return this.call('wipe', () => this.inner.wipe(token, topicId))
  }

  load(at: { readonly token: number; readonly offset: number }, store: string, keys: readonly Buffer[]): Promise<void> {
    return this.call('load', () => this.inner.load(at, store, keys))
  }

  get(store: string, key: Buffer, keyStart: number, keyEnd: number): Buffer | undefined {
    return this.inner.get(store, key, keyStart, keyEnd)
  }

  apply(changes: Changes, move: CheckpointMove): Promise<void> {
    const now = copyOf(changes)
    return this.call('apply', () => this.inner.apply(now, move))
  }

  walk(store: string, starts?: StartRange): StateWalk {
    const walk = this.inner.walk(store, starts)
    return { next: (most, visit) => this.call('walk', () => walk.next(most, visit)) }
  }

  entries(store: string): number {
    return this.inner.entries(store)
  }

  bytes(store: string): number {
    return this.inner.bytes(store)
  }

  close(): Promise<void> {
    return this.call('close', () => this.inner.close())
  }

  private async call<T>(name: StateCall['name'], run: () => Promise<T> | T): Promise<T> {
    await this.faults.before?.({ task: this.task, name })
    const result = await run()
    await this.faults.after?.({ task: this.task, name })
    return result
  }
}
