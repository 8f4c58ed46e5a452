// A table definition as SQL: names, where COPY goes, how a staged batch is merged.
import pg from 'pg'
import type { PgTableShape } from './table.ts'

/** Numbers the rows of a batch in its staging table; no declared column can be called so. */
export const rowNumber = '#row'

export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

export function literal(text: string): string {
  return pg.escapeLiteral(text)
}

export function qualified(schema: string, name: string): string {
  return `${quoted(schema)}.${quoted(name)}`
}

export function isUpsert(table: PgTableShape): boolean {
  return table.key.length > 0
}

/** The columns that a row carries, in the encoder's order. */
function rowColumns(table: PgTableShape): readonly string[] {
  return [...table.columns.map(({ name }) => name), ...(table.deletes ? ['deleted'] : [])]
}

function list(names: readonly string[]): string {
  return names.map(quoted).join(', ')
}

function stagingName(table: PgTableShape): string {
  return `pg_temp.${quoted(`staging_${table.name}`)}`
}

/** COPY goes straight into an append table, and into the staging table of one with a key. */
export function copyStatement(schema: string, table: PgTableShape): string {
  const target = isUpsert(table) ? stagingName(table) : qualified(schema, table.name)
  const columns = [...rowColumns(table), ...(isUpsert(table) ? [rowNumber] : [])]
  return `COPY ${target} (${list(columns)}) FROM STDIN (FORMAT binary)`
}

/** With the constraints of the table itself, so that COPY names the line of a value that breaks one. */
export function stagingStatement(schema: string, table: PgTableShape): string {
  const staging = stagingName(table)
  return (
    `CREATE TEMP TABLE ${staging} (LIKE ${qualified(schema, table.name)} INCLUDING CONSTRAINTS) ON COMMIT DELETE ROWS; ` +
    `ALTER TABLE ${staging} ADD COLUMN ${quoted(rowNumber)} int4 NOT NULL`
  )
}

/** Between two pieces of one batch; the end of the transaction empties it as well. */
export function emptyStagingStatement(table: PgTableShape): string {
  return `TRUNCATE ${stagingName(table)}`
}

/** The newest staged row of each key, in the order of the keys (two writers then lock in the same order), replaces an older one. */
export function mergeStatement(schema: string, table: PgTableShape): string {
  const columns = rowColumns(table)
  const key = list(table.key)
  const newest = table.newest.map((name) => `${comparable(table, name, '')} DESC, `).join('')
  const assignments = columns.filter((name) => !table.key.includes(name))
  const action =
    assignments.length === 0
      ? 'DO NOTHING'
      : `DO UPDATE SET ${assignments.map((name) => `${quoted(name)} = excluded.${quoted(name)}`).join(', ')}`
  return (
    `INSERT INTO ${qualified(schema, table.name)} AS target (${list(columns)}) ` +
    `SELECT DISTINCT ON (${key}) ${list(columns)} FROM ${stagingName(table)} ` +
    `ORDER BY ${key}, ${newest}${quoted(rowNumber)} DESC ON CONFLICT (${key}) ${action}${newerOnly(table)}`
  )
}

function newerOnly(table: PgTableShape): string {
  if (table.newest.length === 0) return ''
  const of = (row: string) => table.newest.map((name) => comparable(table, name, `${row}.`)).join(', ')
  return ` WHERE (${of('excluded')}) >= (${of('target')})`
}

/** Versions in text compare by their bytes, whatever the language of the database. */
function comparable(table: PgTableShape, name: string, prefix: string): string {
  const isText = table.columns.some((column) => column.name === name && column.type === 'text')
  return `${prefix}${quoted(name)}${isText ? ' COLLATE "C"' : ''}`
}
