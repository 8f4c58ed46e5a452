// Builders of rows and cases for tests.
import type { Case } from '../../cities/case.ts'
import { parseCase } from '../../cities/sf/parse-case.ts'
import { sodaRow } from '../../cities/sf/soda-row.ts'
import type { RecordContext } from '../../core/stream-record.ts'
import { Rejected } from '../../processors/validate.ts'

/** A row that breaks no rule; `fields` in SODA's names. */
export function row(fields: object = {}): Readonly<Record<string, unknown>> {
  return { service_request_id: '16408412', requested_datetime: '2023-02-09T08:35:00.000', ...fields }
}

/** Ingested on 14 February 2023, a second after its neighbors. */
export const ingestedAt = Date.UTC(2023, 1, 14)

export function place(offset = 7): RecordContext {
  return { topic: 'sf311.raw', partition: 2, offset, timestamp: 0, ingestedAt }
}

export function parsed(value: unknown): Case | Rejected {
  const { key, raw } = sodaRow(value)
  return parseCase(raw, key, place())
}

/** The case of a row that must be accepted. */
export function sodaCase(fields: object = {}): Case {
  const result = parsed(row(fields))
  if (result instanceof Rejected) throw new Error(`${result.rejected}: ${result.message}`)
  return result
}
