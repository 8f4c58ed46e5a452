// What the tables must hold, worked out from raw rows in the order of the log, by code that shares nothing with the application: slow and simple.
import { readFileSync } from 'node:fs'
import type { Feature, FeatureCollection, MultiPolygon, Polygon } from 'geojson'
import { feature } from 'topojson-client'
import type { GeometryCollection, Topology } from 'topojson-specification'

export type RawRow = Readonly<Record<string, unknown>>

export interface OracleCase {
  readonly service_request_id: string
  readonly opened_at: number
  readonly closed_at: number | undefined
  readonly updated_at: number
  readonly row_version: number
  readonly status: 'open' | 'closed'
  readonly neighborhood: string
  readonly supervisor_district: string | undefined
  readonly police_district: string | undefined
  readonly latitude: number | undefined
  readonly longitude: number | undefined
  readonly resolution_hours: number | undefined
  readonly has_valid_location: boolean
  readonly has_resolution: boolean
  readonly closed_before_opened: boolean
  readonly missing_neighborhood: boolean
}

export interface OracleAnswer {
  readonly cases: ReadonlyMap<string, OracleCase>
  /** Windows with something in them, by `neighborhood|start in ms UTC`. */
  readonly volume: ReadonlyMap<string, { readonly opened: number; readonly closed: number }>
  readonly accepted: number
  readonly conflicts: number
  readonly duplicates: number
  readonly stale: number
  /** By reason. */
  readonly rejected: ReadonlyMap<string, number>
}

const HOUR = 3_600_000
const SEEN_MAX = 8
const bookkeeping = ['data_as_of', 'data_loaded_at', '_snapshot', '_source']

/** `rows`: parsed JSON values, whatever they are. */
export function oracle(rows: Iterable<unknown>): OracleAnswer {
  const versions = new Map<string, Version>()
  const rejected = new Map<string, number>()
  const outcomes = { accepted: 0, conflicts: 0, duplicates: 0, stale: 0 }
  for (const row of rows) {
    const read = readRow(row)
    if (typeof read === 'string') rejected.set(read, (rejected.get(read) ?? 0) + 1)
    else outcomes[apply(versions, read)]++
  }
  const cases = new Map([...versions].map(([id, { found }]) => [id, found]))
  return { cases, volume: volumeOf(cases.values()), rejected, ...outcomes }
}

interface Version {
  readonly found: OracleCase
  /** Of `found`, or of a later row that said the same. */
  readonly updatedAt: number
  readonly rowVersion: number
  readonly content: string
  /** Contents that have been current at this update time, oldest first. */
  readonly seen: readonly string[]
}

function apply(
  versions: Map<string, Version>,
  { found, content }: { found: OracleCase; content: string },
): 'accepted' | 'conflicts' | 'duplicates' | 'stale' {
  const { service_request_id: id, updated_at: updatedAt, row_version: rowVersion } = found
  const current = versions.get(id)
  const isSameTime = updatedAt === current?.updatedAt
  const seen = (isSameTime ? current.seen : [])
    .filter((one) => one !== content)
    .concat(content)
    .slice(-SEEN_MAX)
  const next = { found, updatedAt, rowVersion, content, seen }
  if (current === undefined) {
    versions.set(id, next)
    return 'accepted'
  }
  const order = updatedAt - current.updatedAt || rowVersion - current.rowVersion
  if (order < 0) return 'stale'
  if (order === 0 && current.seen.includes(content)) return 'duplicates'
  if (order > 0 && content === current.content) {
    versions.set(id, { ...next, found: current.found })
    return 'duplicates'
  }
  versions.set(id, next)
  return order === 0 ? 'conflicts' : 'accepted'
}

function readRow(row: unknown): { found: OracleCase; content: string } | string {
  if (typeof row !== 'object' || row === null || Array.isArray(row)) return 'not_an_object'
  const said = Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null && value !== ''))
  const content = canonical(
    Object.fromEntries(Object.entries(said).filter(([name]) => !name.startsWith(':') && !bookkeeping.includes(name))),
  )
  const id = said.service_request_id === undefined ? undefined : String(said.service_request_id)
  if (id === undefined) return 'no_id'
  if (!/^\d+$/.test(id)) return 'bad_id'
  if (said.requested_datetime === undefined) return 'no_opening'
  const opened = instantOf(said.requested_datetime)
  const closed = said.closed_date === undefined ? undefined : instantOf(said.closed_date)
  const updated = said.updated_datetime === undefined ? (closed ?? opened) : instantOf(said.updated_datetime)
  if ([opened, closed, updated].includes(Number.NaN)) return 'impossible_date'
  return { content, found: { ...placeOf(said), ...timesOf(said, opened, closed, updated), service_request_id: id } }
}

function timesOf(row: RawRow, opened: number, closed: number | undefined, updated: number) {
  const stated = row.status_description
  return {
    opened_at: opened,
    closed_at: closed,
    updated_at: updated,
    row_version: rowVersionOf(row),
    status: (stated === undefined ? closed !== undefined : String(stated).toLowerCase() === 'closed')
      ? 'closed'
      : 'open',
    resolution_hours: closed === undefined ? undefined : (closed - opened) / HOUR,
    has_resolution: closed !== undefined,
    closed_before_opened: closed !== undefined && closed < opened,
  } as const
}

function placeOf(row: RawRow) {
  const { latitude, longitude } = pointOf(row)
  const at = (layer: string) =>
    latitude === undefined || longitude === undefined ? undefined : areaAt(layer, longitude, latitude)
  const stated = row.analysis_neighborhood
  const own =
    stated === undefined ? undefined : areasOf('neighborhood').find(({ name }) => same(name, String(stated)))?.name
  const district = row.supervisor_district === undefined ? undefined : String(Number(row.supervisor_district))
  const police = row.police_district === undefined ? undefined : String(row.police_district)
  return {
    latitude,
    longitude,
    neighborhood: own ?? at('neighborhood') ?? 'Unknown',
    supervisor_district: district === undefined || district === '0' ? at('supervisorDistrict') : district,
    police_district:
      police === undefined ? at('policeDistrict') : police.charAt(0).toUpperCase() + police.slice(1).toLowerCase(),
    has_valid_location:
      latitude !== undefined &&
      longitude !== undefined &&
      latitude > 37.6 &&
      latitude < 37.95 &&
      longitude > -123.2 &&
      longitude < -122.25,
    missing_neighborhood: stated === undefined && row.neighborhoods_sffind_boundaries === undefined,
  }
}

function pointOf({ lat, long, point, point_geom: geometry }: RawRow): {
  latitude: number | undefined
  longitude: number | undefined
} {
  const pair = lat !== undefined && long !== undefined ? [lat, long] : (inPoint(point) ?? inGeometry(geometry) ?? [])
  const [latitude, longitude] = pair.map(Number)
  const isPoint = latitude && longitude && Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180
  return isPoint ? { latitude, longitude } : { latitude: undefined, longitude: undefined }
}

function inPoint(point: unknown): unknown[] | undefined {
  return typeof point === 'object' && point !== null && 'latitude' in point && 'longitude' in point
    ? [point.latitude, point.longitude]
    : undefined
}

function inGeometry(geometry: unknown): unknown[] | undefined {
  if (typeof geometry !== 'object' || geometry === null || !('coordinates' in geometry)) return undefined
  return Array.isArray(geometry.coordinates) ? [geometry.coordinates[1], geometry.coordinates[0]] : undefined
}

function rowVersionOf(row: RawRow): number {
  if (typeof row[':updated_at'] === 'string') return Date.parse(row[':updated_at'])
  const floating =
    row.data_loaded_at ?? row.data_as_of ?? (row._snapshot === undefined ? undefined : `${row._snapshot}T00:00:00.000`)
  return floating === undefined ? 0 : instantOf(floating)
}

const wallClock = new Intl.DateTimeFormat('sv-SE', {
  timeZone: 'America/Los_Angeles',
  dateStyle: 'short',
  timeStyle: 'medium',
})
const known = new Map<string, number>()

/** The first moment at which San Francisco's clocks show this time; of a skipped one, as if they had not been moved yet. */
function instantOf(value: unknown): number {
  const text = String(value)
  let instant = known.get(text)
  if (instant === undefined) {
    instant = lookUp(text)
    known.set(text, instant)
  }
  return instant
}

function lookUp(text: string): number {
  const [, date, time, millis = '0'] = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:\.(\d{1,3})\d*)?$/.exec(text) ?? []
  const asUtc = Date.parse(`${date}T${time}Z`)
  if (Number.isNaN(asUtc) || new Date(asUtc).toISOString().slice(0, 19) !== `${date}T${time}`) return Number.NaN
  const candidates = [7, 8].map((hours) => asUtc + hours * HOUR)
  const found = candidates.find((instant) => wallClock.format(instant) === `${date} ${time}`) ?? asUtc + 8 * HOUR
  return found + Number(millis.padEnd(3, '0'))
}

function volumeOf(cases: Iterable<OracleCase>): Map<string, { opened: number; closed: number }> {
  const volume = new Map<string, { opened: number; closed: number }>()
  const count = (neighborhood: string, at: number, what: 'opened' | 'closed') => {
    const window = `${neighborhood}|${Math.floor(at / HOUR) * HOUR}`
    const counts = volume.get(window) ?? { opened: 0, closed: 0 }
    counts[what]++
    volume.set(window, counts)
  }
  for (const { neighborhood, opened_at, closed_at } of cases) {
    count(neighborhood, opened_at, 'opened')
    if (closed_at !== undefined) count(neighborhood, closed_at, 'closed')
  }
  return volume
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  )
}

function same(a: string, b: string): boolean {
  const plain = (text: string) => text.toLowerCase().replace(/[^a-z0-9]/g, '')
  return plain(a) === plain(b)
}

interface Area {
  readonly name: string
  readonly rings: readonly (readonly (readonly number[])[])[]
}

const boundaries: Topology = JSON.parse(
  readFileSync(new URL('../../cities/sf/boundaries.json', import.meta.url), 'utf8'),
)
const layers = new Map<string, readonly Area[]>()

function areasOf(layer: string): readonly Area[] {
  const known = layers.get(layer)
  if (known !== undefined) return known
  const object = boundaries.objects[layer] as GeometryCollection<{ name: string }>
  const areas = areasIn(feature(boundaries, object))
  layers.set(layer, areas)
  return areas
}

export function areasIn(collection: FeatureCollection): Area[] {
  return collection.features.map(({ geometry, properties }: Feature) => {
    const { type, coordinates } = geometry as Polygon | MultiPolygon
    const name = properties?.name ?? properties?.nhood ?? properties?.sup_dist ?? properties?.district
    return { name: String(name), rings: type === 'Polygon' ? coordinates : coordinates.flat() }
  })
}

function areaAt(layer: string, x: number, y: number): string | undefined {
  return areaContaining(areasOf(layer), x, y)
}

/** The first area that the point lies in, by counting the edges to the east of it. */
export function areaContaining(areas: readonly Area[], x: number, y: number): string | undefined {
  return areas.find(({ rings }) => rings.filter((ring) => isInRing(ring, x, y)).length % 2 === 1)?.name
}

function isInRing(ring: readonly (readonly number[])[], x: number, y: number): boolean {
  let inside = false
  for (let i = 1; i < ring.length; i++) {
    const [x1 = 0, y1 = 0] = ring[i - 1] ?? []
    const [x2 = 0, y2 = 0] = ring[i] ?? []
    if (y1 > y !== y2 > y && x < ((x2 - x1) * (y - y1)) / (y2 - y1) + x1) inside = !inside
  }
  return inside
}
