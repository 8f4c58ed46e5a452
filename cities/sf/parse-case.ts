// RawCase to Case: one form for the rows of all years. What breaks the data contract is rejected with a reason; what is merely impossible is flagged.
import type { RecordContext } from '../../core/stream-record.ts'
import { type Rejected, reject } from '../../index.ts'
import { Case, type CaseId } from '../case.ts'
import { memo } from '../memo.ts'
import { categoryOfToday, sourceOfToday } from './names-of-today.ts'
import type { RawCase } from './raw-case.ts'
import { dateAt, sanFrancisco, sodaInstant } from './soda-time.ts'
import { titled, worded } from './spelling.ts'

/** Before all cases: it moves no clock and lets `parseCase` say what is wrong with the row. */
const TIMELESS = 1
const HOUR = 3_600_000

/** The raw topic's event time. */
export function openedTime(raw: RawCase): number {
  const opened = raw.requested_datetime === undefined ? Number.NaN : sodaInstant(raw.requested_datetime)
  return opened > 0 ? opened : TIMELESS
}

export function parseCase(raw: RawCase, key: CaseId, place: RecordContext): Case | Rejected {
  if (raw.defect !== undefined) return reject(raw.defect, raw.malformed)
  if (raw.service_request_id === undefined) return reject('no_id')
  if (!isId(raw.service_request_id)) return reject('bad_id', `'${raw.service_request_id}' is not a number`)
  if (raw.service_request_id !== key) return reject('key_mismatch', `case ${raw.service_request_id} under key ${key}`)
  if (raw.requested_datetime === undefined) return reject('no_opening')
  const openedAt = sodaInstant(raw.requested_datetime)
  const closedAt = raw.closed_date === undefined ? undefined : sodaInstant(raw.closed_date)
  const updatedAt = raw.updated_datetime === undefined ? (closedAt ?? openedAt) : sodaInstant(raw.updated_datetime)
  if (!(openedAt > 0)) return impossible('requested_datetime', raw.requested_datetime)
  if (Number.isNaN(closedAt)) return impossible('closed_date', raw.closed_date)
  if (Number.isNaN(updatedAt)) return impossible('updated_datetime', raw.updated_datetime)
  return caseOf(raw, key, place, { openedAt, closedAt, updatedAt })
}

interface Times {
  readonly openedAt: number
  readonly closedAt: number | undefined
  readonly updatedAt: number
}

function caseOf(raw: RawCase, id: CaseId, place: RecordContext, { openedAt, closedAt, updatedAt }: Times): Case {
  const category = raw.service_name === undefined ? undefined : categoryOfToday(raw.service_name)
  const source = raw.source === undefined ? undefined : sourceOfToday(raw.source)
  const latitude = coordinate(raw.lat, 90)
  const longitude = coordinate(raw.long, 180)
  const isPoint = latitude !== undefined && longitude !== undefined
  const { ingestedAt } = place
  return new Case({
    id,
    openedAt,
    closedAt,
    updatedAt,
    rowVersion: rowVersion(raw),
    content: raw.content,
    status: statusOf(raw.status_description, closedAt),
    statusNotes: raw.status_notes,
    category,
    givenCategory: category === raw.service_name ? undefined : raw.service_name,
    subtype: raw.service_subtype === undefined ? undefined : wordedOnce(raw.service_subtype),
    details: raw.service_details === undefined ? undefined : wordedOnce(raw.service_details),
    agency: raw.agency_responsible,
    source,
    givenSource: source === raw.source ? undefined : raw.source,
    address: raw.address,
    street: raw.street,
    latitude: isPoint ? latitude : undefined,
    longitude: isPoint ? longitude : undefined,
    givenNeighborhood: raw.analysis_neighborhood,
    givenSffindNeighborhood: raw.neighborhoods_sffind_boundaries,
    givenSupervisorDistrict:
      raw.supervisor_district === undefined ? undefined : supervisorDistrict(raw.supervisor_district),
    givenPoliceDistrict: raw.police_district === undefined ? undefined : titledOnce(raw.police_district),
    mediaUrl: raw.media_url,
    resolutionHours: closedAt === undefined ? undefined : (closedAt - openedAt) / HOUR,
    hasValidLocation: isPoint && isInCity(latitude, longitude),
    hasResolution: closedAt !== undefined,
    closedBeforeOpened: closedAt !== undefined && closedAt < openedAt,
    closedInFuture: closedAt !== undefined && ingestedAt > 0 && closedAt > ingestedAt,
    missingNeighborhood: raw.analysis_neighborhood === undefined && raw.neighborhoods_sffind_boundaries === undefined,
    extra: raw.extra,
    sourcePartition: place.partition,
    sourceOffset: place.offset,
    ingestedAt: ingestedAt > 0 ? ingestedAt : undefined,
  })
}

function impossible(column: string, value: string | undefined): Rejected {
  return reject('impossible_date', `${column} '${value}' is not a date`)
}

function isId(text: string): boolean {
  if (text.length > 20) return false
  for (let i = 0; i < text.length; i++) {
    const digit = text.charCodeAt(i) - 48
    if (digit < 0 || digit > 9) return false
  }
  return true
}

/** When the portal last wrote the row, by the best witness it has; 0 where there is none. */
function rowVersion({ row_updated_at, data_loaded_at, data_as_of, snapshot }: RawCase): number {
  const instant =
    row_updated_at !== undefined
      ? Date.parse(row_updated_at)
      : data_loaded_at !== undefined
        ? sodaInstant(data_loaded_at)
        : data_as_of !== undefined
          ? sodaInstant(data_as_of)
          : snapshot === undefined
            ? 0
            : sanFrancisco.toInstant(dateAt(snapshot))
  return Number.isNaN(instant) ? 0 : instant
}

/** Exports that leave the column out still say when a case was closed. */
function statusOf(given: string | undefined, closedAt: number | undefined): 'open' | 'closed' {
  if (given === undefined) return closedAt === undefined ? 'open' : 'closed'
  return isClosed(given) ? 'closed' : 'open'
}

const isClosed = memo((status) => status.toLowerCase() === 'closed')
const wordedOnce = memo(worded)
const titledOnce = memo(titled)
/** "6" and "6.0"; the portal writes 0 where it does not know. */
const supervisorDistrict = memo((given) => {
  const district = given.replace(/\.0+$/, '')
  return district === '0' ? undefined : district
})

/** DataSF writes 0 for an unknown place. What no globe has is no coordinate either. */
function coordinate(text: string | undefined, max: number): number | undefined {
  if (text === undefined) return undefined
  const degrees = Number(text)
  return degrees !== 0 && Math.abs(degrees) <= max ? degrees : undefined
}

/** The city with its islands, the Farallones among them. */
function isInCity(latitude: number, longitude: number): boolean {
  return latitude > 37.6 && latitude < 37.95 && longitude > -123.2 && longitude < -122.25
}
