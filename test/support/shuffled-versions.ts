// Rows in any order but that of equal versions of a case: there, and only there, the log decides.
import { seededRandom } from '../../core/random.ts'
import type { Row } from './shared-data.ts'

export function shuffledVersions(rows: readonly Row[], seed: number): Row[] {
  const random = seededRandom(seed)
  const order = rows.map((row) => ({ row, at: random() })).sort((a, b) => a.at - b.at)
  const inOrder = new Map<string, Row[]>()
  for (const row of rows) inOrder.set(versionOf(row), [...(inOrder.get(versionOf(row)) ?? []), row])
  return order.map(({ row }) => inOrder.get(versionOf(row))?.shift() ?? row)
}

function versionOf(row: Row): string {
  const updated = row.updated_datetime ?? row.closed_date ?? row.requested_datetime
  const rowVersion = row[':updated_at'] ?? row.data_loaded_at ?? row.data_as_of ?? row._snapshot
  return JSON.stringify([row.service_request_id, updated, rowVersion])
}
