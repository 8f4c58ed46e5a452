// A row of DataSF's 311 cases (vw6y-z8j6) as the raw topic keeps it: every column under SODA's name, as the text that was served.
import { t } from '../../index.ts'

const text = t.optional(t.string)

/** Columns of every schema the portal has had; a name that is not among them goes to `extra`. */
export const columns = {
  service_request_id: text,
  requested_datetime: text,
  closed_date: text,
  updated_datetime: text,
  status_description: text,
  status_notes: text,
  agency_responsible: text,
  service_name: text,
  service_subtype: text,
  service_details: text,
  address: text,
  street: text,
  supervisor_district: text,
  neighborhoods_sffind_boundaries: text,
  analysis_neighborhood: text,
  police_district: text,
  lat: text,
  long: text,
  source: text,
  media_url: text,
  bos_2012: text,
  data_as_of: text,
  data_loaded_at: text,
}
export type ColumnName = keyof typeof columns

export class RawCase extends t.record('RawCase', {
  ...columns,
  /** SODA's `:updated_at`, or the `_snapshot` of a file that keeps several. */
  row_updated_at: text,
  snapshot: text,
  /** Unknown columns, as JSON. */
  extra: t.optional(t.map(t.string)),
  /** Hash of all that the row says about the case. */
  content: t.string,
  /** Why the row cannot be read at all, and what it was; then nothing else is set but, where there is one, the id. */
  defect: t.optional(t.oneOf('not_an_object', 'bad_text')),
  malformed: text,
}) {}
