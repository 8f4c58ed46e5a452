// A table definition's semantics on plain rows: one a key, the newest version wins, a delete is remembered with its version.
import type { PgTableShape } from './postgres/table.ts'

export type MemoryRow = Readonly<Record<string, unknown>>

export class MemoryTable {
  private readonly table: PgTableShape
  private readonly appended: MemoryRow[] = []
  private readonly byKey = new Map<string, MemoryRow>()

  constructor(table: PgTableShape) {
    this.table = table
  }

  put(row: MemoryRow): void {
    if (this.table.key.length === 0) {
      this.appended.push(row)
      return
    }
    const key = JSON.stringify(this.table.key.map((name) => comparable(row[name])?.toString()))
    const current = this.byKey.get(key)
    if (current === undefined || this.isNewer(row, current)) this.byKey.set(key, row)
  }

  rows(): readonly MemoryRow[] {
    if (this.table.key.length === 0) return this.appended
    return [...this.byKey.values()].filter((row) => !this.table.deletes || row.deleted !== true)
  }

  /** Newer or equal, column by column. */
  private isNewer(row: MemoryRow, current: MemoryRow): boolean {
    for (const name of this.table.newest) {
      const order = compare(comparable(row[name]), comparable(current[name]))
      if (order !== 0) return order > 0
    }
    return true
  }
}

type Comparable = string | number | bigint | boolean

/** Texts and bytes in an order of their bytes, as the Postgres sink compares them. */
function comparable(value: unknown): Comparable | undefined {
  if (typeof value === 'string') return Buffer.from(value).toString('latin1')
  if (value instanceof Uint8Array) return Buffer.from(value).toString('latin1')
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean') return value
  return value === undefined ? undefined : JSON.stringify(value)
}

function compare(a: Comparable | undefined, b: Comparable | undefined): number {
  if (a === undefined || b === undefined || a === b) return 0
  return a > b ? 1 : a < b ? -1 : 0
}
