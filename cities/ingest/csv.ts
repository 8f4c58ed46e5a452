// CSV records as rows under the API's column names. A record that cannot be parsed is one malformed row, whatever is wrong with it.
import { parse } from 'csv-parse/sync'
import type { RowFormat } from './source.ts'

/** The fields of one record. @throws when it is no CSV. */
export function csvFields(record: string): readonly string[] {
  return parse(record, { bom: true, relax_column_count: true })[0] ?? []
}

/** All records at once, which is faster; undefined unless that gives exactly one a text. */
export function manyCsvFields(records: readonly string[]): readonly (readonly string[])[] | undefined {
  try {
    const parsed: string[][] = parse(records.join('\n'), { bom: true, relax_column_count: true })
    return parsed.length === records.length ? parsed : undefined
  } catch {
    return undefined
  }
}

/** Rows from fields under the header's columns; empty fields are left out. */
export function csvRows<Raw>(header: readonly string[], format: RowFormat<Raw>) {
  const columns = header.map((name) => format.columnOf(name.trim()))
  return (fields: readonly string[]): Readonly<Record<string, string>> => {
    const row: Record<string, string> = Object.create(null)
    for (let i = 0; i < columns.length; i++) {
      const column = columns[i]
      const field = fields[i]
      if (column !== undefined && field !== undefined && field !== '') row[column] = format.fieldOf(column, field)
    }
    return row
  }
}
