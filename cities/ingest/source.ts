// The port of all input: rows in batches, each with the cursor that must be committed together with them.
import type { CaseId } from '../case.ts'

export interface KeyedRow<out Raw> {
  readonly key: CaseId
  readonly raw: Raw
}

/** Where a source goes on; plain JSON, its form is the source's own business. */
export type Cursor = Readonly<Record<string, unknown>>

export interface RowBatch<out Raw> {
  readonly rows: readonly KeyedRow<Raw>[]
  /** Where to go on once these rows are committed. */
  readonly cursor: Cursor
}

export interface Source<out Raw> {
  /** Key of its cursor record: the same input has the same name in every run. */
  readonly name: string
  /** Begins behind `cursor`, or anew. The batches end when the source is done, or soon after `signal` is aborted. */
  rows(cursor: Cursor | undefined, signal: AbortSignal): AsyncIterable<RowBatch<Raw>>
}

/** How a city's rows are read: what files and pages hold, as rows of its raw topic. */
export interface RowFormat<out Raw> {
  /** One parsed JSON value. */
  toRow(value: unknown): KeyedRow<Raw>
  /** Text that could not be parsed. */
  malformed(text: string): KeyedRow<Raw>
  /** The API's name of a column that a CSV export calls `header`. */
  columnOf(header: string): string
  /** A CSV field in the API's form. */
  fieldOf(column: string, field: string): string
}
