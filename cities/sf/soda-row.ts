// From a row as the portal serves it – any year's JSON or CSV – to a RawCase. Nothing is judged here but whether it is a row at all.
import { hash } from 'node:crypto'
import { type CaseId, caseId } from '../case.ts'
import { type ColumnName, columns, RawCase } from './raw-case.ts'

export interface KeyedRow {
  readonly key: CaseId
  readonly raw: RawCase
}

/** More of a malformed row is not kept. */
const MALFORMED_CHARACTERS_MAX = 10_000
/** Base64 characters of a hash: 132 bits. */
const HASH_CHARACTERS = 22

/** The portal's bookkeeping, which every reload moves; system columns, which begin with a colon, belong to it. */
const bookkeeping = new Set(['data_as_of', 'data_loaded_at', '_snapshot', '_source'])
/** Said again by lat and long. */
const derived = new Set(['point', 'point_geom'])

type Row = Readonly<Record<string, unknown>>
type Values = { -readonly [N in keyof RawCase]?: RawCase[N] } & { readonly content: string }

/** `row`: what a line's JSON says. Columns that are not known are reported by name. */
export function sodaRow(row: unknown, reportUnknown: (column: string) => void = () => {}): KeyedRow {
  if (!isRow(row)) return malformedRow(JSON.stringify(row) ?? 'undefined')
  const content = contentOf(row)
  if (!content.isText) return badText(row)
  const values: Values = { content: digest(content.text) }
  for (const name of Object.keys(row)) {
    const value = row[name]
    if (isAbsent(value)) continue
    if (isColumn(name)) values[name] = textOf(value)
    else keepOther(values, name, value, reportUnknown)
  }
  if (values.lat === undefined || values.long === undefined) Object.assign(values, pointOf(row))
  return keyed(values)
}

/** A line that is no object: kept as text, so that it becomes a dead letter with its content. */
export function malformedRow(line: string): KeyedRow {
  return keyed({ defect: 'not_an_object', malformed: wellFormed(line), content: digest(line) })
}

/** Texts with NUL or half a surrogate pair fit neither Avro nor Postgres; escaped, they do. */
function badText(row: Row): KeyedRow {
  const escaped = JSON.stringify(row)
  const { service_request_id: id } = row
  const known = typeof id === 'string' && isText(id) ? { service_request_id: id } : {}
  return keyed({ ...known, defect: 'bad_text', malformed: wellFormed(escaped), content: digest(escaped) })
}

function keyed(values: Values): KeyedRow {
  // The constructor sets every field, the absent ones to undefined.
  const raw = new RawCase(values as RawCase)
  // Without an id the content stands in, so that such rows are spread like others.
  return { key: caseId.of(raw.service_request_id ?? `no-id:${raw.content}`), raw }
}

function keepOther(values: Values, name: string, value: unknown, reportUnknown: (column: string) => void): void {
  if (name === ':updated_at') values.row_updated_at = textOf(value)
  else if (name === '_snapshot') values.snapshot = textOf(value)
  else if (!name.startsWith(':') && !derived.has(name) && !bookkeeping.has(name)) {
    values.extra = Object.assign(Object.create(null), values.extra, { [name]: JSON.stringify(value) })
    reportUnknown(name)
  }
}

function isColumn(name: string): name is ColumnName {
  return Object.hasOwn(columns, name)
}

function isRow(row: unknown): row is Row {
  return typeof row === 'object' && row !== null && !Array.isArray(row)
}

function isAbsent(value: unknown): boolean {
  return value === undefined || value === null || value === ''
}

/** The text of a value; of a link `{ url }`, as media_url has been, the url. */
function textOf(value: unknown): string {
  if (typeof value === 'string') return value
  if (isRow(value) && typeof value.url === 'string') return value.url
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

/** lat and long out of `point` (an object, or CSV's `(37.7, -122.4)`) or `point_geom` (GeoJSON, or CSV's `POINT (-122.4 37.7)`). */
function pointOf({ point, point_geom: geometry }: Row): Pick<Values, 'lat' | 'long'> | undefined {
  if (isRow(point) && !isAbsent(point.latitude) && !isAbsent(point.longitude)) {
    return { lat: textOf(point.latitude), long: textOf(point.longitude) }
  }
  const shape = isRow(geometry) ? geometry : point
  if (isRow(shape) && Array.isArray(shape.coordinates)) {
    const [long, lat] = shape.coordinates
    return isAbsent(lat) || isAbsent(long) ? undefined : { lat: textOf(lat), long: textOf(long) }
  }
  return pointInText(point) ?? pointInText(geometry)
}

function pointInText(text: unknown): Pick<Values, 'lat' | 'long'> | undefined {
  if (typeof text !== 'string') return undefined
  const [, lat, long] = /^\s*\(\s*([^,()\s]+)\s*,\s*([^,()\s]+)\s*\)\s*$/.exec(text) ?? []
  if (lat !== undefined && long !== undefined) return { lat, long }
  const [, x, y] = /^\s*POINT\s*\(\s*([^,()\s]+)\s+([^,()\s]+)\s*\)\s*$/i.exec(text) ?? []
  return x !== undefined && y !== undefined ? { lat: y, long: x } : undefined
}

/** What the row says, columns in the order of their names; absent values, bookkeeping and system columns left out. */
function contentOf(row: Row): { readonly text: string; readonly isText: boolean } {
  let text = ''
  for (const name of Object.keys(row).sort()) {
    const value = row[name]
    if (isAbsent(value) || name.startsWith(':') || bookkeeping.has(name)) continue
    text += `${name}\u0001${typeof value === 'object' ? canonicalJson(value) : String(value)}\u0002`
  }
  return { text, isText: isText(text) }
}

/** JSON with the keys of every object in order. */
function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`
  if (!isRow(value)) return JSON.stringify(value) ?? 'null'
  let text = ''
  for (const name of Object.keys(value).sort()) text += `${JSON.stringify(name)}:${canonicalJson(value[name])},`
  return `{${text}}`
}

function digest(text: string): string {
  return hash('sha256', text, 'base64url').slice(0, HASH_CHARACTERS)
}

const unfit = /[\0\p{Surrogate}]/u

function isText(text: string): boolean {
  return !unfit.test(text)
}

/** Of bounded length, what does not fit replaced. */
function wellFormed(text: string): string {
  return text.slice(0, MALFORMED_CHARACTERS_MAX).replaceAll(/[\0\p{Surrogate}]/gu, '\uFFFD')
}
