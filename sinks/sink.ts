// The port where results leave the log for another system: a batch of rows is written together with the position it came from, atomically.
import type { TopicPartition } from '../core/topic-partition.ts'

/** A partition of a committed topic, as a sink remembers it. */
export interface SinkSource extends TopicPartition {
  /** Application name: positions of two applications never meet. */
  readonly app: string
  /** Id of the topic; another id than the stored one halts. */
  readonly topicId: string
}

/** A destination's definition (for Postgres: a table). Adapters know more about it. */
export interface SinkTable {
  readonly kind: string
  readonly name: string
  /** Whether a null value of the topic deletes a row; otherwise it is counted and skipped. */
  readonly deletes?: boolean
}

/** The log record a row was made from. */
export interface RowOrigin {
  readonly offset: number
  readonly key: Buffer | undefined
  readonly value: Buffer | undefined
}

export interface SinkBatch {
  readonly rows: number
  readonly bytes: number
  /** Encodes the row at once; it keeps no reference. A row that does not fit its table becomes a dead letter in the same transaction. */
  add(table: SinkTable, row: Readonly<Record<string, unknown>>, origin: RowOrigin): void
  /** A record that makes no row: a dead letter in the same transaction. `step` names who refused it. */
  reject(step: string, origin: RowOrigin, code: string, message: string): void
}

export interface SinkOutcome {
  readonly written: number
  readonly deadLetters: number
}

export interface Sink {
  readonly kind: string
  /** Creates and migrates what the tables need; idempotent. @throws StreamsError naming the mismatch and the fix. */
  prepare(tables: readonly SinkTable[]): Promise<void>
  /** One writer a source partition, with its own connection or a share of one. Reads the stored position under lock. @throws StreamsError `topic_recreated` when the stored topic id differs. */
  open(source: SinkSource): Promise<SinkWriter>
  close(): Promise<void>
}

export interface SinkWriter {
  /** The next offset to read; undefined when nothing was ever written (start at the log's beginning). */
  readonly position: number | undefined
  newBatch(): SinkBatch
  /**
   * One transaction: the position moves from `from` to `to`, or nothing happens at all. Outages are retried inside, bounded by `signal`; an ambiguous commit is resolved by reading the position again.
   * @throws TaskFenced when the stored position is not `from`: somebody else writes this partition.
   */
  commit(
    batch: SinkBatch,
    move: { readonly from: number; readonly to: number },
    signal: AbortSignal,
  ): Promise<SinkOutcome>
  close(): Promise<void>
}
