// What it costs to decode, encode and extend one record of 16 fields and about 250 bytes, with values as varied as those of a day of requests.
import { ByteWriter } from '../core/byte-writer.ts'
import { type Random, seededRandom } from '../core/random.ts'
import { binarySerde } from '../serdes/binary-serde.ts'
import { extendedSerde } from '../serdes/extended-serde.ts'
import { jsonSerde } from '../serdes/json-serde.ts'
import { t } from '../serdes/schema.ts'
import type { Serde } from '../serdes/serde.ts'

class Request extends t.record('Request', {
  id: t.string,
  openedAt: t.instant,
  closedAt: t.optional(t.instant),
  updatedAt: t.instant,
  status: t.oneOf('open', 'closed'),
  statusNotes: t.optional(t.string),
  agency: t.string,
  category: t.string,
  details: t.optional(t.string),
  address: t.string,
  street: t.string,
  supervisorDistrict: t.int,
  neighborhood: t.optional(t.string),
  latitude: t.double,
  longitude: t.double,
  source: t.string,
}) {}
class Located extends t.extend('Located', Request, { area: t.string, district: t.int, localHour: t.int }) {}

const RECORDS = 2000
const ROUNDS = 150

export async function run(): Promise<void> {
  const random = seededRandom(311)
  const requests = Array.from({ length: RECORDS }, (_, index) => anyRequest(random, index))
  const avro = encodedAll(binarySerde(Request), requests)
  console.log(`one record: ${Math.round(avro.buffer.length / RECORDS)} bytes of Avro`)
  report('decode', decoding(binarySerde(Request), avro))
  report('encode', encoding(binarySerde(Request), requests))
  report('extend encoded', extending(avro))
  const json = encodedAll(jsonSerde(Request), requests)
  report('decode JSON', decoding(jsonSerde(Request), json))
  report('encode JSON', encoding(jsonSerde(Request), requests))
}

/** Best of the rounds, which is what the code costs when the machine is left alone. */
function report(name: string, once: () => void): void {
  let best = Number.POSITIVE_INFINITY
  for (let round = 0; round < ROUNDS; round++) {
    const start = process.hrtime.bigint()
    once()
    best = Math.min(best, Number(process.hrtime.bigint() - start))
  }
  console.log(`${name.padEnd(16)}${(best / RECORDS / 1000).toFixed(2)} µs a record`)
}

interface EncodedAll {
  readonly buffer: Buffer
  readonly ends: readonly number[]
}

function encodedAll<T>(serde: Serde<T>, values: readonly T[]): EncodedAll {
  const to = new ByteWriter()
  const ends = values.map((value) => {
    serde.write(value, to)
    return to.position
  })
  return { buffer: to.copy(), ends }
}

function decoding<T>(serde: Serde<T>, { buffer, ends }: EncodedAll): () => void {
  const decoded: T[] = []
  return () => {
    let start = 0
    for (const [index, end] of ends.entries()) {
      decoded[index] = serde.read(buffer, start, end)
      start = end
    }
  }
}

function encoding<T>(serde: Serde<T>, values: readonly T[]): () => void {
  const to = new ByteWriter(1 << 20)
  return () => {
    to.reset()
    for (const value of values) serde.write(value, to)
  }
}

function extending({ buffer, ends }: EncodedAll): () => void {
  const serde = extendedSerde(Located)
  const to = new ByteWriter(1 << 20)
  const fields = { area: 'Inner Richmond', district: 4, localHour: 13 }
  return () => {
    to.reset()
    let start = 0
    for (const end of ends) {
      serde.writeExtension(buffer, start, end, fields, to)
      start = end
    }
  }
}

function anyRequest(random: Random, index: number): Request {
  const below = (count: number) => Math.floor(random() * count)
  const openedAt = 1_767_225_600_000 + below(86_400_000)
  const street = `${below(400)}th Street`
  const closed = random() < 0.6
  return new Request({
    id: String(101_000_000 + index),
    openedAt,
    closedAt: closed ? openedAt + below(9_000_000) : undefined,
    updatedAt: openedAt + below(9_000_000),
    status: closed ? 'closed' : 'open',
    statusNotes: closed ? `Case resolved, crew ${below(60)} reports that the work is done` : undefined,
    agency: `DPW Operations Queue ${below(12)}`,
    category: `Street and Sidewalk Cleaning ${below(20)}`,
    details: random() < 0.8 ? `Bulky items, ${below(9)} pieces` : undefined,
    address: `${below(3000)} ${street}, SAN FRANCISCO, CA 941${below(10)}${below(10)}`,
    street,
    supervisorDistrict: 1 + below(11),
    neighborhood: `Neighborhood ${below(41)}`,
    latitude: 37.7 + random() / 10,
    longitude: -122.5 + random() / 10,
    source: ['Mobile/Open311', 'Phone', 'Web', 'Integrated Agency'][below(4)] ?? 'Web',
  })
}
