// One row of the workload as its topology needs it: read from the JSON text in one walk over the bytes, without parsing the rest; and written again
// as the same text with the new fields behind it.
import { LocalTime } from '../../cities/local-time.ts'
import type { ByteWriter } from '../../core/byte-writer.ts'
import { BadRecord } from '../../core/errors.ts'
import { TextCache } from '../../serdes/binary/text-cache.ts'
import type { Serde } from '../../serdes/serde.ts'
import { decimalAt } from './decimal.ts'
import { JsonWalk } from './json-walk.ts'
import { localTimeAt } from './local-time-text.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const CLOSE_BRACE = 125
const localTime = new LocalTime('America/Los_Angeles')

const [ID, REQUESTED, UPDATED, CLOSED, STATUS, SERVICE, NEIGHBORHOOD, LATITUDE, LONGITUDE] = [0, 1, 2, 3, 4, 5, 6, 7, 8]
const walk = new JsonWalk([
  'service_request_id',
  'requested_datetime',
  'updated_datetime',
  'closed_date',
  'status_description',
  'service_name',
  'neighborhoods_sffind_boundaries',
  'lat',
  'long',
])

export class Row {
  /** The JSON text without its closing brace; a view that lives as long as its batch. */
  readonly text: Buffer
  readonly neighborhood: string
  /** requested_datetime as local wall-clock milliseconds, and as ms UTC. */
  readonly local: number
  readonly at: number
  readonly updatedAt: number
  readonly isOpen: boolean
  /** NaN: there is none, or it cannot be read. */
  readonly closedLocal: number
  readonly service: string

  constructor(buffer: Buffer, start: number, end: number, local: number) {
    this.text = buffer.subarray(start, end - 1)
    this.neighborhood = neighborhoods.read(buffer) || 'Unknown'
    this.local = local
    this.at = localTime.toInstant(local)
    this.updatedAt = isAbsent(UPDATED) ? local : localAt(buffer, UPDATED)
    this.isOpen = statuses.read(buffer) === 'Open'
    this.closedLocal = isAbsent(CLOSED) ? Number.NaN : localAt(buffer, CLOSED)
    this.service = services.read(buffer)
  }
}

export const rowSerde: Serde<Row> = {
  read(buffer, start, end) {
    walk.walk(buffer, start, end)
    const local = localAt(buffer, REQUESTED)
    if (isAbsent(ID) || Number.isNaN(local) || !isInside(buffer))
      throw new BadRecord('invalid', 'no id, no time or no place')
    return new Row(buffer, start, end, local)
  },
  write(row, to) {
    to.bytes(row.text)
    writeAddedFields(row, to)
  },
}

const [BEFORE_NEIGHBORHOOD, BEFORE_HOUR, BEFORE_OPEN, BEFORE_RESOLUTION, BEFORE_CATEGORY] = [
  ',"neighborhood":',
  ',"hour_of_week":',
  ',"is_open":',
  ',"resolution_hours":',
  ',"category":',
].map((text) => Buffer.from(text)) as [Buffer, Buffer, Buffer, Buffer, Buffer]

function writeAddedFields({ neighborhood, local, isOpen, closedLocal, service }: Row, to: ByteWriter): void {
  const weekday = (Math.floor(local / DAY_MS) + 3) % 7
  const hourOfWeek = weekday * 24 + Math.floor((local % DAY_MS) / HOUR_MS)
  to.bytes(BEFORE_NEIGHBORHOOD)
  to.bytes(quoted(neighborhood))
  to.bytes(BEFORE_HOUR)
  to.text(String(hourOfWeek))
  to.bytes(BEFORE_OPEN)
  to.text(isOpen ? 'true' : 'false')
  if (!isOpen && !Number.isNaN(closedLocal)) {
    to.bytes(BEFORE_RESOLUTION)
    to.text(String((closedLocal - local) / HOUR_MS))
  }
  to.bytes(BEFORE_CATEGORY)
  to.bytes(category(service))
  to.byte(CLOSE_BRACE)
}

/** A text field with few distinct values. */
class FewTexts {
  private readonly field: number
  private readonly cache: TextCache

  constructor(field: number, name: string) {
    this.field = field
    this.cache = new TextCache(name)
  }

  /** Empty where it is absent. */
  read(buffer: Buffer): string {
    const start = walk.starts[this.field] as number
    const text = this.cache.read(buffer, start, (walk.ends[this.field] as number) - start)
    return text.includes('\\') ? String(JSON.parse(`"${text}"`)) : text
  }
}

const neighborhoods = new FewTexts(NEIGHBORHOOD, 'neighborhood')
const statuses = new FewTexts(STATUS, 'status')
const services = new FewTexts(SERVICE, 'service_name')

const quoted = remembered((text) => JSON.stringify(text))
const category = remembered((service) => JSON.stringify(service.toLowerCase()))

/** The bytes of a function over few texts. */
function remembered(of: (text: string) => string): (text: string) => Buffer {
  const known = new Map<string, Buffer>()
  return (text) => {
    let result = known.get(text)
    if (result === undefined) {
      result = Buffer.from(of(text))
      if (known.size < 10_000) known.set(text, result)
    }
    return result
  }
}

function isAbsent(field: number): boolean {
  return walk.starts[field] === walk.ends[field]
}

function localAt(buffer: Buffer, field: number): number {
  return localTimeAt(buffer, walk.starts[field] as number, walk.ends[field] as number)
}

function isInside(buffer: Buffer): boolean {
  const lat = decimalAt(buffer, walk.starts[LATITUDE] as number, walk.ends[LATITUDE] as number)
  const long = decimalAt(buffer, walk.starts[LONGITUDE] as number, walk.ends[LONGITUDE] as number)
  return lat >= 37.6 && lat <= 37.95 && long >= -122.65 && long <= -122.3
}

export const textSerde: Serde<string> = {
  read: (buffer, start, end) => buffer.utf8Slice(start, end),
  write: (value: string, to: ByteWriter) => to.text(value),
}
