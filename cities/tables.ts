// The Postgres tables of a city's cases, and how records become their rows.
import { type DeadLetter, type PgTable, pg, pgTable, type Windowed, type WindowResult } from '../index.ts'
import type { EnrichedCase, Neighborhood, Volume } from './case.ts'

const text = pg.nullable(pg.text())
const place = { source_partition: pg.int4, source_offset: pg.int8, ingested_at: pg.nullable(pg.timestamptz) }

export const cases = pgTable(
  'cases',
  {
    service_request_id: pg.text(),
    opened_at: pg.timestamptz,
    closed_at: pg.nullable(pg.timestamptz),
    updated_at: pg.timestamptz,
    row_version: pg.timestamptz,
    status: pg.text<'open' | 'closed'>(),
    status_notes: text,
    category: text,
    given_category: text,
    subtype: text,
    details: text,
    agency: text,
    source: text,
    given_source: text,
    address: text,
    street: text,
    neighborhood: pg.text(),
    sffind_neighborhood: text,
    supervisor_district: text,
    police_district: text,
    latitude: pg.nullable(pg.float8),
    longitude: pg.nullable(pg.float8),
    media_url: text,
    local_hour: pg.int4,
    weekday: pg.int4,
    holiday: text,
    resolution_hours: pg.nullable(pg.float8),
    has_valid_location: pg.bool,
    has_resolution: pg.bool,
    closed_before_opened: pg.bool,
    closed_in_future: pg.bool,
    missing_neighborhood: pg.bool,
    opened_so_far: pg.nullable(pg.int4),
    extra: pg.nullable(pg.jsonb()),
    ...place,
  },
  {
    key: ['service_request_id'],
    // Versions of a case that moved come from two tasks, in any order; of two equal ones the later in the raw topic wins.
    newest: ['updated_at', 'row_version', 'source_offset'],
    indexes: [['opened_at'], ['neighborhood', 'opened_at']],
  },
)

/** Every version that was accepted, and every conflict, in the order they won. */
export const caseVersions = pgTable(
  'case_versions',
  {
    service_request_id: pg.text(),
    updated_at: pg.timestamptz,
    row_version: pg.timestamptz,
    content: pg.text(),
    status: pg.text<'open' | 'closed'>(),
    opened_at: pg.timestamptz,
    closed_at: pg.nullable(pg.timestamptz),
    neighborhood: pg.text(),
    ...place,
  },
  { append: true, indexes: [['service_request_id']] },
)

export const neighborhoodVolume = pgTable(
  'neighborhood_volume',
  {
    neighborhood: pg.text(),
    window_start: pg.timestamptz,
    window_end: pg.timestamptz,
    opened: pg.int4,
    closed: pg.int4,
    status: pg.text<'provisional' | 'final' | 'corrected'>(),
    revision: pg.int4,
  },
  { key: ['neighborhood', 'window_start'], deletes: true, indexes: [['window_start']] },
)

export const deadLetters = pgTable(
  'dead_letters',
  {
    topic: pg.text(),
    partition: pg.int4,
    offset: pg.int8,
    appended_at: pg.timestamptz,
    node: pg.text(),
    reason: pg.text(),
    message: pg.text(),
    key: pg.nullable(pg.bytea),
    value: pg.nullable(pg.bytea),
    schema_id: pg.nullable(pg.int4),
    attempt: pg.int4,
    topology_hash: pg.text(),
  },
  { append: true, indexes: [['reason'], ['topic', 'partition', 'offset']] },
)

export function toCaseRow(found: EnrichedCase) {
  return {
    service_request_id: found.id,
    opened_at: found.openedAt,
    closed_at: found.closedAt,
    updated_at: found.updatedAt,
    row_version: found.rowVersion,
    status: found.status,
    status_notes: found.statusNotes,
    category: found.category,
    given_category: found.givenCategory,
    subtype: found.subtype,
    details: found.details,
    agency: found.agency,
    source: found.source,
    given_source: found.givenSource,
    address: found.address,
    street: found.street,
    neighborhood: found.neighborhood,
    sffind_neighborhood: found.sffindNeighborhood,
    supervisor_district: found.supervisorDistrict,
    police_district: found.policeDistrict,
    latitude: found.latitude,
    longitude: found.longitude,
    media_url: found.mediaUrl,
    local_hour: found.localHour,
    weekday: found.weekday,
    holiday: found.holiday,
    resolution_hours: found.resolutionHours,
    has_valid_location: found.hasValidLocation,
    has_resolution: found.hasResolution,
    closed_before_opened: found.closedBeforeOpened,
    closed_in_future: found.closedInFuture,
    missing_neighborhood: found.missingNeighborhood,
    opened_so_far: found.openedSoFar,
    extra: found.extra === undefined ? undefined : parsed(found.extra),
    source_partition: found.sourcePartition,
    source_offset: found.sourceOffset,
    ingested_at: found.ingestedAt,
  }
}

export function toVersionRow(found: EnrichedCase) {
  return {
    service_request_id: found.id,
    updated_at: found.updatedAt,
    row_version: found.rowVersion,
    content: found.content,
    status: found.status,
    opened_at: found.openedAt,
    closed_at: found.closedAt,
    neighborhood: found.neighborhood,
    source_partition: found.sourcePartition,
    source_offset: found.sourceOffset,
    ingested_at: found.ingestedAt,
  }
}

type VolumeRow = typeof neighborhoodVolume extends PgTable<infer Row> ? Row : never

/** `undefined`: the window is empty again. */
export function toVolumeRow(
  result: WindowResult<Volume> | undefined,
  { key, start, end }: Windowed<Neighborhood>,
): VolumeRow {
  if (result === undefined) return { neighborhood: key, window_start: start, deleted: true }
  const { value, status, revision } = result
  const window = { neighborhood: key, window_start: start, window_end: end ?? start }
  return { ...window, opened: value.opened, closed: value.closed, status, revision }
}

export function toDeadLetterRow(letter: DeadLetter<unknown>) {
  const { topic, partition, offset, node, reason, message, key, value, attempt } = letter
  const [schema_id, topology_hash, appended_at] = [letter.schemaId, letter.topologyHash, letter.timestamp]
  return { topic, partition, offset, appended_at, node, reason, message, key, value, schema_id, attempt, topology_hash }
}

/** Columns nobody knew, from the JSON each of them was kept as. */
function parsed(extra: Readonly<Record<string, string>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(extra).map(([name, json]) => [name, JSON.parse(json)]))
}
