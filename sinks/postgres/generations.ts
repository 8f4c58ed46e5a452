// Generations: the tables of one run lie in `<schema>_g<n>`; the names that users query are views in `<schema>` that read the current one.
import type { PostgresConnection } from './connection.ts'
import type { PgTableShape } from './table.ts'
import { qualified, quoted } from './table-sql.ts'

export interface CatalogColumn {
  readonly name: string
  /** As Postgres prints it. */
  readonly type: string
  readonly required: boolean
}

export function generationSchema(schema: string, generation: number): string {
  return `${schema}_g${generation}`
}

/** One row that says which generation the views show; the first one made is current until it is switched. */
export async function createGenerationRow(connection: PostgresConnection, schema: string, generation: number) {
  const table = qualified(schema, 'generation')
  await connection.run(
    `CREATE TABLE IF NOT EXISTS ${table} (current int4 NOT NULL, one_row boolean PRIMARY KEY DEFAULT true CHECK (one_row))`,
  )
  await connection.query(`INSERT INTO ${table} (current) VALUES ($1) ON CONFLICT DO NOTHING`, [generation])
}

/** From the catalogue, not from the definition: an older program must not take columns out of a view that a newer one has added. */
export async function createView(connection: PostgresConnection, schema: string, table: PgTableShape): Promise<void> {
  const holders = await holdersOf(connection, schema, table.name)
  const types = new Map(holders.flatMap(({ columns }) => columns.map(({ name, type }) => [name, type] as const)))
  if (table.deletes) types.delete('deleted')
  const shown = (await columnsOf(connection, schema, table.name, 'v')).map(({ name }) => name)
  const view = qualified(schema, table.name)
  // Postgres can only add columns at the end of a view.
  const names = shown.every((name) => types.has(name)) ? [...new Set([...shown, ...types.keys()])] : [...types.keys()]
  if (!shown.every((name) => types.has(name))) await connection.run(`DROP VIEW ${view}`)
  const selects = holders.map((holder) => selectOf(schema, table, holder, names, types))
  await connection.run(`CREATE OR REPLACE VIEW ${view} AS ${selects.join(' UNION ALL ')}`)
}

/** Drops every generation with its tables, positions and dead letters, and the views on them. */
export async function dropGenerations(connection: PostgresConnection, schema: string): Promise<void> {
  for (const generation of await generationsOf(connection, schema)) {
    await connection.run(`DROP SCHEMA ${quoted(generationSchema(schema, generation))} CASCADE`)
  }
  await connection.run(`DROP TABLE IF EXISTS ${qualified(schema, 'generation')} CASCADE`)
}

/** Columns of a table (`r`) or view (`v`), in their order; none when there is no such thing. */
export async function columnsOf(
  connection: PostgresConnection,
  schema: string,
  name: string,
  kind: 'r' | 'v',
): Promise<readonly CatalogColumn[]> {
  const { rows } = await connection.query<{ name: string; type: string; required: boolean }>(
    `SELECT a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type, a.attnotnull AS required
       FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname = $1 AND c.relname = $2 AND c.relkind = $3 AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum`,
    [schema, name, kind],
  )
  return rows
}

interface Holder {
  readonly generation: number
  readonly columns: readonly CatalogColumn[]
}

async function holdersOf(connection: PostgresConnection, schema: string, name: string): Promise<readonly Holder[]> {
  const holders: Holder[] = []
  for (const generation of await generationsOf(connection, schema)) {
    const columns = await columnsOf(connection, generationSchema(schema, generation), name, 'r')
    if (columns.length > 0) holders.push({ generation, columns })
  }
  return holders
}

async function generationsOf(connection: PostgresConnection, schema: string): Promise<readonly number[]> {
  const { rows } = await connection.query<{ nspname: string }>('SELECT nspname FROM pg_namespace')
  return rows
    .map(({ nspname }) => Number(nspname.startsWith(`${schema}_g`) ? nspname.slice(schema.length + 2) : Number.NaN))
    .filter((generation) => Number.isInteger(generation) && generation > 0)
    .sort((a, b) => a - b)
}

function selectOf(
  schema: string,
  table: PgTableShape,
  { generation, columns }: Holder,
  names: readonly string[],
  types: ReadonlyMap<string, string>,
): string {
  const held = new Set(columns.map(({ name }) => name))
  const values = names.map((name) =>
    held.has(name) ? quoted(name) : `NULL::${types.get(name) ?? 'text'} AS ${quoted(name)}`,
  )
  const live = table.deletes && held.has('deleted') ? ' AND NOT deleted' : ''
  return (
    `SELECT ${values.join(', ')} FROM ${qualified(generationSchema(schema, generation), table.name)} ` +
    `WHERE (SELECT current FROM ${qualified(schema, 'generation')}) = ${generation}${live}`
  )
}
