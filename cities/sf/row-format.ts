// How DataSF's rows are read, from the API and from the portal's CSV exports, which have titles as headers and dates as people write them.
import type { RowFormat } from '../ingest/source.ts'
import type { RawCase } from './raw-case.ts'
import { malformedRow, sodaRow } from './soda-row.ts'

/** Titles of the portal's columns (its metadata of December 2024) by the API's names. */
const columnsByTitle: Readonly<Record<string, string>> = {
  caseid: 'service_request_id',
  opened: 'requested_datetime',
  closed: 'closed_date',
  updated: 'updated_datetime',
  status: 'status_description',
  'status notes': 'status_notes',
  'responsible agency': 'agency_responsible',
  category: 'service_name',
  'request type': 'service_subtype',
  'request details': 'service_details',
  'supervisor district': 'supervisor_district',
  neighborhood: 'neighborhoods_sffind_boundaries',
  'analysis neighborhood': 'analysis_neighborhood',
  'police district': 'police_district',
  latitude: 'lat',
  longitude: 'long',
  'media url': 'media_url',
}
/** Numbers of areas that the portal itself has joined, which the API calls `:@computed_region_…`. */
const computedRegions = new Set([
  'current police districts',
  'current supervisor districts',
  'analysis neighborhoods',
  'civic center harm reduction project boundary',
  'invest in neighborhoods (iin) areas',
  'central market/tenderloin boundary',
  'central market/tenderloin boundary polygon - updated',
  'areas of vulnerability, 2016',
  'cbd, bid and gbd boundaries as of 2017',
  'owed public spaces',
  'parks alliance cpsi (27+tl sites)',
  'neighborhoods',
  'sf find neighborhoods',
])
const computedRegion = /^(delete - |fix it zones as of |hsoc zones as of )/
const dateColumns = new Set(['requested_datetime', 'closed_date', 'updated_datetime', 'data_as_of', 'data_loaded_at'])
const writtenDate = /^(?:(\d\d)\/(\d\d)\/(\d{4})|(\d{4})\/(\d\d)\/(\d\d))(?: (0[1-9]|1[0-2]):(\d\d):(\d\d) ([AP]M))?$/

/** `reportUnknown` hears of each column that no schema of the portal has had, once a row. */
export function sfRowFormat(reportUnknown: (column: string) => void = () => {}): RowFormat<RawCase> {
  return {
    toRow: (value) => sodaRow(value, reportUnknown),
    malformed: malformedRow,
    columnOf,
    fieldOf: (column, field) => (dateColumns.has(column) ? sodaDate(field) : field),
  }
}

function columnOf(header: string): string {
  const title = header.toLowerCase()
  if (computedRegions.has(title) || computedRegion.test(title)) return `:@${title}`
  return columnsByTitle[title] ?? title.replaceAll(/[^a-z0-9_:@]+/g, '_')
}

/** `01/11/2025 08:58:27 PM` and `2025/01/11 08:58:27 PM` as SODA writes them; anything else as it is. */
function sodaDate(field: string): string {
  const parts = writtenDate.exec(field)
  if (parts === null) return field
  const [, month, day, year, yearFirst, monthSecond, dayThird, hour = '12', minute = '00', second = '00', half = 'AM'] =
    parts
  const hours = (Number(hour) % 12) + (half === 'PM' ? 12 : 0)
  const date = `${year ?? yearFirst}-${month ?? monthSecond}-${day ?? dayThird}`
  return `${date}T${String(hours).padStart(2, '0')}:${minute}:${second}.000`
}
