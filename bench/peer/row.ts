// One row of the workload as its topology needs it: read from the JSON text in one walk over the bytes, without parsing the rest; and written again
// as the same text with the new fields behind it.
import { LocalTime } from '../../cities/local-time.ts'
import type { ByteWriter } from '../../core/byte-writer.ts'
import { BadRecord } from '../../core/errors.ts'
import type { Serde } from '../../serdes/serde.ts'
import { walkObject } from './json-walk.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const localTime = new LocalTime('America/Los_Angeles')

export class Row {
  /** The JSON text; a view that lives as long as its batch. */
  readonly text: Buffer
  readonly neighborhood: string
  /** requested_datetime, ms UTC; and as local wall-clock milliseconds. */
  readonly at: number
  readonly local: number
  readonly updatedAt: number
  readonly isOpen: boolean
  readonly closedLocal: number
  readonly category: string

  constructor(text: Buffer, fields: Fields, local: number) {
    this.text = text
    this.neighborhood = fields.neighborhood === '' ? 'Unknown' : fields.neighborhood
    this.local = local
    this.at = localTime.toInstant(local)
    this.updatedAt = fields.updated === '' ? local : localOf(fields.updated)
    this.isOpen = fields.status === 'Open'
    this.closedLocal = fields.closed === '' ? Number.NaN : localOf(fields.closed)
    this.category = fields.service.toLowerCase()
  }
}

interface Fields {
  id: string
  requested: string
  updated: string
  closed: string
  status: string
  service: string
  neighborhood: string
  latitude: string
  longitude: string
}

const names: Readonly<Record<string, keyof Fields>> = {
  service_request_id: 'id',
  requested_datetime: 'requested',
  updated_datetime: 'updated',
  closed_date: 'closed',
  status_description: 'status',
  service_name: 'service',
  neighborhoods_sffind_boundaries: 'neighborhood',
  lat: 'latitude',
  long: 'longitude',
}

export const rowSerde: Serde<Row> = {
  read(buffer, start, end) {
    const fields: Fields = {
      id: '',
      requested: '',
      updated: '',
      closed: '',
      status: '',
      service: '',
      neighborhood: '',
      latitude: '',
      longitude: '',
    }
    walkObject(buffer, start, end, names, fields)
    const local = localOf(fields.requested)
    if (fields.id === '' || Number.isNaN(local) || !isInside(fields))
      throw new BadRecord('invalid', 'no id, no time or no place')
    return new Row(buffer.subarray(start, end), fields, local)
  },
  write(row, to) {
    to.bytes(row.text, 0, row.text.length - 1)
    to.text(addedFields(row))
  },
}

function addedFields({ neighborhood, local, isOpen, closedLocal, category }: Row): string {
  const weekday = (Math.floor(local / DAY_MS) + 3) % 7
  const hourOfWeek = weekday * 24 + Math.floor((local % DAY_MS) / HOUR_MS)
  const resolution = isOpen || Number.isNaN(closedLocal) ? '' : `,"resolution_hours":${(closedLocal - local) / HOUR_MS}`
  return `,"neighborhood":${quoted(neighborhood)},"hour_of_week":${hourOfWeek},"is_open":${isOpen}${resolution},"category":${quoted(category)}}`
}

const quotedTexts = new Map<string, string>()

/** Neighborhoods and categories are few. */
function quoted(text: string): string {
  let json = quotedTexts.get(text)
  if (json === undefined) {
    json = JSON.stringify(text)
    if (quotedTexts.size < 10_000) quotedTexts.set(text, json)
  }
  return json
}

function isInside({ latitude, longitude }: Fields): boolean {
  const lat = latitude === '' ? Number.NaN : Number(latitude)
  const long = longitude === '' ? Number.NaN : Number(longitude)
  return lat >= 37.6 && lat <= 37.95 && long >= -122.65 && long <= -122.3
}

const days = new Map<string, number>()

/** `2026-11-20T08:35:00.000` as local wall-clock milliseconds; NaN when it is no such time. */
function localOf(text: string): number {
  if (text.length < 16 || text.charCodeAt(10) !== 84) return Number.NaN
  const date = text.slice(0, 10)
  let day = days.get(date)
  if (day === undefined) {
    day = Date.parse(`${date}T00:00:00Z`)
    if (days.size < 10_000) days.set(date, day)
  }
  const two = (at: number) => (text.charCodeAt(at) - 48) * 10 + text.charCodeAt(at + 1) - 48
  const [hours, minutes, seconds] = [two(11), two(14), text.length >= 19 ? two(17) : 0]
  if (!(hours < 24 && minutes < 60 && seconds < 60 && hours >= 0 && minutes >= 0 && seconds >= 0)) return Number.NaN
  const fraction = text.length > 20 ? Number(text.slice(20).padEnd(3, '0')) : 0
  return day + hours * HOUR_MS + minutes * 60_000 + seconds * 1000 + fraction
}

export const textSerde: Serde<string> = {
  read: (buffer, start, end) => buffer.utf8Slice(start, end),
  write: (value: string, to: ByteWriter) => to.text(value),
}
