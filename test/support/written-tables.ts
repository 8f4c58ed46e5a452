// What the program left in Postgres, in the oracle's terms.
import { expect } from 'vitest'
import { openRowReader } from '../../sinks/postgres/row-reader.ts'
import type { OracleAnswer, OracleCase } from './oracle.ts'

export interface WrittenTables {
  readonly cases: ReadonlyMap<string, Readonly<Record<string, unknown>>>
  /** Windows with something in them, by `neighborhood|start in ms UTC`. */
  readonly volume: ReadonlyMap<string, { readonly opened: number; readonly closed: number }>
  /** How often each version stands in `case_versions`, by the place it was read from. */
  readonly versions: ReadonlyMap<string, number>
  /** Rows by reason. */
  readonly deadLetters: ReadonlyMap<string, number>
}

const ms = (column: string) => `(extract(epoch FROM ${column}) * 1000)::float8 AS ${column}`
const caseColumns = [
  ...['service_request_id', ms('opened_at'), ms('closed_at'), ms('updated_at'), ms('row_version'), 'status'],
  ...['neighborhood', 'supervisor_district', 'police_district', 'latitude', 'longitude', 'resolution_hours'],
  ...['has_valid_location', 'has_resolution', 'closed_before_opened', 'missing_neighborhood'],
]

export async function writtenTables(url: string): Promise<WrittenTables> {
  const reader = openRowReader(url)
  try {
    const cases = await reader.rows(`SELECT ${caseColumns.join(', ')} FROM sf311.cases`)
    const volume = await reader.rows(
      `SELECT neighborhood || '|' || (extract(epoch FROM window_start) * 1000)::int8 AS name, opened, closed
       FROM sf311.neighborhood_volume WHERE opened <> 0 OR closed <> 0`,
    )
    const versions = await reader.rows(
      `SELECT source_partition || ':' || source_offset AS name, count(*)::int4 FROM sf311.case_versions GROUP BY 1`,
    )
    const letters = await reader.rows('SELECT reason AS name, count(*)::int4 FROM sf311.dead_letters GROUP BY 1')
    return {
      cases: new Map(cases.map((row) => [String(row.service_request_id), present(row)])),
      volume: new Map(
        volume.map(({ name, opened, closed }) => [String(name), { opened: Number(opened), closed: Number(closed) }]),
      ),
      versions: countsIn(versions),
      deadLetters: countsIn(letters),
    }
  } finally {
    await reader.close()
  }
}

/** Compares whole tables; `except` are columns that the order of the log may decide. */
export function expectTables(
  found: WrittenTables,
  expected: OracleAnswer,
  { except = [] }: { readonly except?: readonly (keyof OracleCase)[] } = {},
): void {
  const without = (row: object) =>
    Object.fromEntries(Object.entries(row).filter(([name]) => !except.some((one) => one === name)))
  const cases = new Map([...expected.cases].map(([id, row]) => [id, without(present(row))]))
  expect(found.cases.size).toBe(cases.size)
  for (const [id, row] of found.cases) expect(without(row), `case ${id}`).toEqual(cases.get(id))
  expect(new Map([...found.volume].sort())).toEqual(new Map([...expected.volume].sort()))
  expect(found.deadLetters).toEqual(expected.rejected)
}

function present(row: object): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null && value !== undefined))
}

function countsIn(rows: readonly Readonly<Record<string, unknown>>[]): Map<string, number> {
  return new Map(rows.map(({ name, count }) => [String(name), Number(count)]))
}
