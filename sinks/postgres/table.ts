// Postgres tables as definitions: a name, typed columns, a key. What a row function may return is inferred from here; SQL is made of it in table-sql.ts.
import { assert } from '../../core/assert.ts'
import type { Schema } from '../../serdes/schema.ts'
import type { SinkTable } from '../sink.ts'

export type ColumnType = 'text' | 'int4' | 'int8' | 'float8' | 'boolean' | 'timestamptz' | 'date' | 'jsonb' | 'bytea'

declare const valueType: unique symbol

export interface Column<out T> {
  readonly type: ColumnType
  readonly nullable: boolean
  readonly [valueType]?: T
}

/** Columns hold what their type's comment says; anything else makes the row a dead letter. */
export const pg = {
  /** `of` narrows the type: an id, one of some words. */
  text: <T extends string>(_of?: Schema<T>): Column<T> => column('text'),
  int4: column<number>('int4'),
  /** Exact beyond 2^53 as a bigint. */
  int8: column<number | bigint>('int8'),
  /** Finite numbers only. */
  float8: column<number>('float8'),
  bool: column<boolean>('boolean'),
  /** Milliseconds since the epoch, UTC. */
  timestamptz: column<number>('timestamptz'),
  /** A calendar date, `YYYY-MM-DD`. */
  date: column<string>('date'),
  jsonb: <T = unknown>(_of?: Schema<T>): Column<T> => column('jsonb'),
  bytea: column<Uint8Array>('bytea'),
  nullable: <T>(of: Column<T>): Column<T | undefined> => ({ ...of, nullable: true }),
} as const

export type Columns = Readonly<Record<string, Column<unknown>>>

type ColumnValue<C> = C extends Column<infer T> ? T : never

/** The row of a table; the name comes first so that errors and hovers start with it. */
export type RowOf<_Name extends string, C extends Columns> = { readonly [N in keyof C]: ColumnValue<C[N]> }

/** A delete: the key, and the version that `newest` compares. */
export type DeletedRowOf<C extends Columns, K extends keyof C> = { readonly [N in K]: ColumnValue<C[N]> } & {
  readonly deleted: true
}

/** Columns that are never null: only these can be keys and versions. */
export type RequiredColumn<C extends Columns> = {
  [N in keyof C & string]: undefined extends ColumnValue<C[N]> ? never : N
}[keyof C & string]

/** Rows are only ever added. */
export interface AppendSpec<C extends Columns> {
  readonly append: true
  readonly indexes?: readonly (readonly (keyof C & string)[])[]
}

/** One row a key. */
export interface UpsertSpec<C extends Columns, K, V, D> {
  readonly key: readonly K[]
  /** The version: a row replaces another of its key when these are equal or greater. Without it the order of the log decides. */
  readonly newest?: readonly V[]
  /** Row functions may return `{ …key, …newest, deleted: true }`. */
  readonly deletes?: D
  readonly indexes?: readonly (readonly (keyof C & string)[])[]
}

export interface NamedColumn extends Column<unknown> {
  readonly name: string
}

/** A table as the sink needs it, whatever its rows. */
export interface PgTableShape extends SinkTable {
  readonly kind: 'postgres table'
  readonly columns: readonly NamedColumn[]
  /** Empty: an append table. */
  readonly key: readonly string[]
  readonly newest: readonly string[]
  readonly deletes: boolean
  readonly indexes: readonly (readonly string[])[]
}

export interface PgTable<in out Row> extends PgTableShape {
  /** Carries the row's type; never called. */
  readonly accepts: (row: Row) => void
}

export function pgTable<
  const N extends string,
  C extends Columns,
  const K extends RequiredColumn<C> = never,
  const V extends RequiredColumn<C> = never,
  const D extends boolean = false,
>(
  name: N,
  columns: C,
  spec: AppendSpec<C> | UpsertSpec<C, K, V, D>,
): PgTable<RowOf<N, C> | ([D] extends [true] ? DeletedRowOf<C, K | V> : never)> {
  const upsert = 'key' in spec ? spec : undefined
  const table = {
    kind: 'postgres table' as const,
    name,
    columns: Object.entries(columns).map(([name, { type, nullable }]) => ({ name, type, nullable })),
    key: upsert?.key ?? [],
    newest: upsert?.newest ?? [],
    deletes: upsert?.deletes === true,
    indexes: spec.indexes ?? [],
    accepts: () => {},
  }
  checkNames(table)
  assert(
    upsert === undefined || table.key.length > 0,
    `table ${name}: an upsert table needs a key (or say append: true)`,
  )
  return table
}

export function isPgTable(table: SinkTable): table is PgTableShape {
  return table.kind === 'postgres table'
}

function column<T>(type: ColumnType): Column<T> {
  return { type, nullable: false }
}

const plainName = /^[a-z_][a-z0-9_]{0,50}$/

function checkNames({ name, columns, deletes }: PgTableShape): void {
  for (const word of [name, ...columns.map((column) => column.name)]) {
    assert(plainName.test(word), `table ${name}: '${word}' is not a plain lower-case name of at most 51 characters`)
  }
  assert(
    !deletes || columns.every((column) => column.name !== 'deleted'),
    `table ${name}: with deletes the column name 'deleted' is taken`,
  )
}
