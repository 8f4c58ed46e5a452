// What an operator is: it takes an array of records and fills arrays of records, synchronously; one operator a file.
// Awaiting happens only in `prepare` (one load a batch and stateful operator) and `punctuate`.
import type { RecordContext, StreamRecord } from '../core/stream-record.ts'
import type { TaskId } from '../core/topic-partition.ts'
import type { TaskStores } from '../state/task-stores.ts'

export type Batch = readonly StreamRecord[]

/** One array an output port; port 0 is the main one. An operator pushes to them or replaces `outputs[0]` by an array of its own. */
export type Outputs = StreamRecord[][]

export interface Operator {
  /** Awaited before `process` when it returns a promise: loads the keys that `process` will read. */
  prepare?(batch: Batch): Promise<void> | undefined
  process(batch: Batch, outputs: Outputs): void
  /** Before each commit: what was coalesced since the last one (e.g. one provisional result a window). */
  flush?(outputs: Outputs): void
  /**
   * When the task's watermark has moved (never back): closes windows, runs event-time punctuations. Called before `flush` of the same commit.
   * What takes long it does in parts: as long as there is more, it is called again at the next commit, and the task reads nothing before.
   */
  advance?(watermark: number, outputs: Outputs): Promise<Progress>
  /** Wall-clock punctuation, at most once a commit; `now` in ms. */
  tick?(now: number, outputs: Outputs): Promise<void> | void
  /** Of windows: which may be open once this commit is done; null: none is. Part of the commit marker. */
  openSpan?(): OpenSpan | null
  /**
   * Once, after restore and before the first batch: rebuilds what is derived from stores.
   * `open`: what `openSpan` said; undefined: nobody knows. `advancedTo`: the last watermark that `advance` was done with.
   */
  restore?(open: OpenSpan | null | undefined, advancedTo: number): Promise<void>
  /** Of an operator with windows: how many are not closed, as far as it has read them. */
  readonly openWindows?: number
}

export type Progress = 'done' | 'more'

/** No open window starts before the first or after the last of these, ms UTC; of sessions, it is their last record that counts. */
export interface OpenSpan {
  readonly first: number
  readonly last: number
}

/** Why a record went no further without being a dead letter (metrics.md). `conflict` and `accepted` go on and are counted beside them. */
export type DropReason = 'late' | 'expired' | 'null_key' | 'duplicate' | 'stale' | 'tombstone' | 'skipped'
export type Outcome = DropReason | 'accepted' | 'conflict'

/** What an operator may ask of the task it runs in. */
export interface TaskContext {
  readonly task: TaskId
  readonly stores: TaskStores
  /** How many windows an operator reads or closes in one commit. */
  readonly windowsAtOnce: number
  /** Minimum over all inputs (time-model.md); −Infinity before the first. */
  watermark(): number
  /** Counted per node and outcome; the counts are part of the commit marker. */
  count(node: string, outcome: Outcome, by?: number): void
  /** A record came too late, by so much event time. Observed only: what becomes of it is told by `count` or `deadLetter`. */
  late(node: string, byMs: number): void
  /** Sends the input record behind `record.row` to the dead-letter topic, in this transaction, original bytes kept. */
  deadLetter(
    record: StreamRecord,
    letter: { readonly node: string; readonly reason: string; readonly message: string; readonly topic?: string },
  ): void
  /** Rows of a global table by key (texts and numbers), by its source topic. */
  globalTable(topic: string): ReadonlyMap<unknown, unknown>
  /** Where the input record behind this row stands. */
  place(record: StreamRecord): RecordContext
}
