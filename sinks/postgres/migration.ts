// Makes one generation's tables what their definitions say: creates what is absent, adds nullable columns, and refuses everything else with the fix.
import { StreamsError } from '../../core/errors.ts'
import type { PostgresConnection } from './connection.ts'
import { type CatalogColumn, columnsOf } from './generations.ts'
import type { ColumnType, PgTableShape } from './table.ts'
import { qualified, quoted } from './table-sql.ts'

export async function migrateTable(connection: PostgresConnection, schema: string, table: PgTableShape): Promise<void> {
  const existing = await columnsOf(connection, schema, table.name, 'r')
  if (existing.length === 0) await connection.run(createStatement(schema, table))
  else await addColumns(connection, schema, table, existing)
  for (const columns of table.indexes) await connection.run(indexStatement(schema, table, columns))
}

function wantedColumns(table: PgTableShape): readonly CatalogColumn[] {
  const kept = new Set([...table.key, ...table.newest])
  // A deleted row keeps its key and its version only.
  const declared = table.columns.map(({ name, type, nullable }) => ({
    name,
    type: catalogNames[type],
    required: !nullable && (!table.deletes || kept.has(name)),
  }))
  return table.deletes ? [...declared, { name: 'deleted', type: 'boolean', required: true }] : declared
}

function createStatement(schema: string, table: PgTableShape): string {
  const columns = wantedColumns(table).map(
    ({ name, type, required }) => `${quoted(name)} ${type}${required ? ' NOT NULL' : ''}`,
  )
  const key = table.key.length === 0 ? [] : [`PRIMARY KEY (${table.key.map(quoted).join(', ')})`]
  return `CREATE TABLE ${qualified(schema, table.name)} (${[...columns, ...key].join(', ')})`
}

function indexStatement(schema: string, table: PgTableShape, columns: readonly string[]): string {
  const name = quoted(`${table.name}_${columns.join('_')}_idx`.slice(0, 63))
  return `CREATE INDEX IF NOT EXISTS ${name} ON ${qualified(schema, table.name)} (${columns.map(quoted).join(', ')})`
}

async function addColumns(
  connection: PostgresConnection,
  schema: string,
  table: PgTableShape,
  existing: readonly CatalogColumn[],
): Promise<void> {
  const found = new Map(existing.map((column) => [column.name, column]))
  const wanted = wantedColumns(table)
  for (const column of wanted) {
    const current = found.get(column.name)
    if (current !== undefined) checkColumn(schema, table, column, current)
    else if (column.required)
      throw mismatch(schema, table, `column ${column.name} is new and required`, 'make it nullable')
  }
  const surplus = existing.find(({ name }) => wanted.every((column) => column.name !== name))
  if (surplus !== undefined) {
    throw mismatch(
      schema,
      table,
      `column ${surplus.name} is not declared any more`,
      'declare it, or drop it in Postgres',
    )
  }
  await checkKey(connection, schema, table)
  for (const { name, type } of wanted.filter(({ name }) => !found.has(name))) {
    await connection.run(`ALTER TABLE ${qualified(schema, table.name)} ADD COLUMN ${quoted(name)} ${type}`)
  }
}

function checkColumn(schema: string, table: PgTableShape, wanted: CatalogColumn, current: CatalogColumn): void {
  const { name } = wanted
  if (wanted.type !== current.type) {
    const problem = `column ${name} is ${current.type}, its definition says ${wanted.type}`
    throw mismatch(schema, table, problem, 'put the definition back')
  }
  if (wanted.required === current.required) return
  const is = (required: boolean) => (required ? 'required' : 'nullable')
  const problem = `column ${name} is ${is(current.required)}, its definition says ${is(wanted.required)}`
  const action = wanted.required ? 'SET' : 'DROP'
  const fix = `run ALTER TABLE ${qualified(schema, table.name)} ALTER COLUMN ${quoted(name)} ${action} NOT NULL`
  throw mismatch(schema, table, problem, fix)
}

async function checkKey(connection: PostgresConnection, schema: string, table: PgTableShape): Promise<void> {
  const { rows } = await connection.query<{ name: string }>(
    `SELECT a.attname AS name FROM pg_index i
       JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)
      WHERE i.indrelid = $1::regclass AND i.indisprimary ORDER BY array_position(i.indkey::int2[], a.attnum)`,
    [qualified(schema, table.name)],
  )
  const current = rows.map(({ name }) => name).join(', ')
  const wanted = table.key.join(', ')
  if (current === wanted) return
  const problem = `its key is (${current}), its definition says (${wanted})`
  throw mismatch(schema, table, problem, 'put the definition back')
}

function mismatch(schema: string, table: PgTableShape, problem: string, fix: string): StreamsError {
  return new StreamsError(
    'schema_mismatch',
    `table ${schema}.${table.name}: ${problem}; ${fix}, write to a new generation, or start afresh with --fresh --confirm`,
  )
}

const catalogNames: Readonly<Record<ColumnType, string>> = {
  text: 'text',
  int4: 'integer',
  int8: 'bigint',
  float8: 'double precision',
  boolean: 'boolean',
  timestamptz: 'timestamp with time zone',
  date: 'date',
  jsonb: 'jsonb',
  bytea: 'bytea',
}
