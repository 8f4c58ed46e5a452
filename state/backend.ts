// The port of what remembers a task's state: a byte store by key, fenced by the log (exactly-once.md §2–3).
// Adapters: memory/ (rebuilt from the changelog) and redis/ (survives the process).
import type { TaskId } from '../core/topic-partition.ts'
import type { StoreDefinition } from './definitions.ts'

/** Who wrote a stretch of the changelog. Incarnation: how often this id has called InitProducerId. */
export interface Writer {
  readonly transactionalId: string
  readonly incarnation: number
}

/** Up to where the copy in the backend is the fold of the changelog. */
export interface Checkpoint {
  /** The fencing token: offset of the owner's fence record. */
  readonly token: number
  /** The next changelog offset to apply. */
  readonly offset: number
  /** Id of the changelog topic; another id means another log. */
  readonly topicId: string
  /** Value of the last commit marker applied; undefined before the first. */
  readonly marker: Buffer | undefined
  readonly writer: Writer | undefined
  /** When the last applied record was appended, ms UTC. */
  readonly appendedAt: number
}

/** What moves the checkpoint: everything up to `to` is applied in this step. */
export interface CheckpointMove {
  readonly token: number
  readonly from: number
  readonly to: number
  readonly marker: Buffer | undefined
  readonly writer: Writer | undefined
  readonly appendedAt: number
}

/** Absolute writes in log order; a value of undefined deletes. Iterated once, synchronously, before the call returns its promise. */
export interface Changes {
  readonly count: number
  forEach(
    visit: (
      store: string,
      key: Buffer,
      keyStart: number,
      keyEnd: number,
      value: Buffer | undefined,
      valueStart: number,
      valueEnd: number,
    ) => void,
  ): void
}

/** Starts of windows, ms UTC: from the first to before the second. */
export interface StartRange {
  readonly from: number
  readonly to: number
}

export interface StateBackend {
  readonly kind: 'memory' | 'redis'
  /** Every process sees the copies of all tasks, not only of those it runs. */
  readonly isShared: boolean
  /** `stores` tells their kinds to a backend that lays them out differently; a store it does not name is one of plain keys. */
  open(task: TaskId, changelogTopic: string, stores?: readonly StoreDefinition[]): TaskState
  /** Looks at a task's copy without owning it, and without a trace in what its owner holds. */
  view(task: TaskId, changelogTopic: string, stores: readonly StoreDefinition[]): StateView
  /** Resolves when the backend answers; absent where it lies in this process. */
  ping?(): Promise<void>
  close(): Promise<void>
}

export interface StateView {
  /** Undefined: there is no copy. @throws Retriable while a flush is half done or the backend is away */
  read(store: string, keys: readonly Buffer[]): Promise<StateReading | undefined>
}

/** What a copy held at one moment: the values of the keys asked for, in their order, and up to where they are the fold of the changelog. */
export interface StateReading {
  readonly checkpoint: Checkpoint
  readonly values: readonly (Buffer | undefined)[]
}

export type VisitEntry = (key: Buffer, value: Buffer) => void

export interface StateWalk {
  /**
   * Visits about so many entries more; views are valid during the visit. If the store is written to between two calls, the walk begins
   * anew: then it visits entries again. @throws StateCorrupted when entries are missing
   */
  next(most: number, visit: VisitEntry): Promise<WalkStep>
}

export interface WalkStep {
  /** How many entries were looked at. */
  readonly looked: number
  readonly isAtEnd: boolean
}

export interface TaskState {
  /** Every key is readable at any time: `load` then only checks token and offset, and needs no keys. */
  readonly isResident: boolean
  /** S1: what is there, without claiming it. */
  checkpoint(): Promise<Checkpoint | undefined>
  /**
   * S5, atomic: nothing there, another topic id or ahead of `logEnd` → a new empty generation at offset 0; an older token → it is ours, a torn flush is cleared.
   * @throws TaskFenced when the token there is newer.
   */
  claim(claim: { readonly token: number; readonly topicId: string; readonly logEnd: number }): Promise<Checkpoint>
  /** S6 start anew: wipes and begins a new generation at offset 0 under `token`. */
  wipe(token: number, topicId: string): Promise<Checkpoint>
  /** R2: makes these keys readable by `get` until the next `apply`. @throws StateCorrupted when token or offset are not those given, or a flush was torn. */
  load(
    at: { readonly token: number; readonly offset: number },
    store: string,
    keys: readonly Buffer[],
  ): Promise<void> | undefined
  /** Synchronous, after `load`: a view on the value's bytes (valid until the next call), undefined if there is none. @throws AssertionError for a key not loaded. */
  get(store: string, key: Buffer, keyStart: number, keyEnd: number): Buffer | undefined
  /** R5 and S6: applies changes and moves the checkpoint, in chained chunks. @throws StateCorrupted, TaskFenced */
  apply(changes: Changes, move: CheckpointMove): Promise<void>
  /** A way through every entry of a store, in no order; of a window store, if asked, only through windows that begin in a range. */
  walk(store: string, starts?: StartRange): StateWalk
  /** Entries held, per store; for metrics and the check at S5. */
  entries(store: string): number
  bytes(store: string): number
  close(): Promise<void>
}
