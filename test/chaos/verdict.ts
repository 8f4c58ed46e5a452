// The verdict: what librdkafka and Postgres hold at the end against a sequential run over the input log. The engine's readers have no part in it.
import { isDeepStrictEqual } from 'node:util'
import avro from 'avsc'
import pg from 'pg'
import type { SchemaRegistry } from '../../serdes/schema-registry.ts'
import {
  badOrders,
  type Expected,
  expected,
  Order,
  type OrderRow,
  orders,
  priced,
  sales,
} from '../simulation/orders.ts'
import { type DumpedRecord, dumpTopic } from './topic-dump.ts'

export interface Surroundings {
  readonly brokers: string
  readonly postgres: string
  readonly registry: SchemaRegistry
  /** Of the one worker that is left: outcome → count. */
  readonly outcomes: Readonly<Record<string, number>>
}

export interface Verdict {
  /** Empty when nothing differs. */
  readonly problems: readonly string[]
  readonly counts: Readonly<Record<string, number>>
}

export async function verdictOn({ brokers, postgres, registry, outcomes }: Surroundings): Promise<Verdict> {
  const problems: string[] = []
  const decode = await decoderOf(registry)
  const input = await dumpTopic(brokers, orders.name)
  const { rows, refused } = sorted(input, decode)
  const want = expected(rows)
  const results = (await dumpTopic(brokers, priced.name)).map((record) => orderOf(record, decode))
  problems.push(...versionProblems(results, want))
  problems.push(...salesProblems(await dumpTopic(brokers, sales.name), want, decode))
  problems.push(...deadLetterProblems(await dumpTopic(brokers, badOrders.name), refused))
  problems.push(...(await rowProblems(postgres, want)))
  const accounts = accountsOf(rows)
  problems.push(...accountProblems(outcomes, { ...accounts, invalid: want.bad, decode: refused.length - want.bad }))
  const counts = { read: input.length, ...accounts, refused: refused.length, results: results.length }
  return { problems, counts }
}

type Decode = (value: Buffer | undefined, type?: string) => unknown

/** By the id in front of the value, framed as Confluent does it. @throws where the bytes are not exactly one value. */
async function decoderOf(registry: SchemaRegistry): Promise<Decode> {
  const types = new Map<number, avro.Type>()
  for (let id = 1; id < 100; id++) {
    const schema = await registry.schemaById(id)
    if (schema !== undefined) types.set(id, avro.Type.forSchema(JSON.parse(schema)))
  }
  return (value, name) => {
    const type = value === undefined || value.length < 5 || value[0] !== 0 ? undefined : types.get(value.readInt32BE(1))
    if (value === undefined || type === undefined || (name !== undefined && type.name !== name))
      throw new Error('no such schema')
    return type.fromBuffer(value.subarray(5))
  }
}

function orderOf(record: DumpedRecord, decode: Decode, type?: string): OrderRow {
  const decoded = decode(record.value, type) as Order // the schema's name was checked, or the topic is ours
  const { shop, version, amount, at } = decoded
  return { id: record.key?.toString() ?? '', order: new Order({ shop, version, amount, at: Number(at) }) }
}

function sorted(input: readonly DumpedRecord[], decode: Decode) {
  const rows: OrderRow[] = []
  const refused: DumpedRecord[] = []
  for (const record of input) {
    try {
      const row = orderOf(record, decode, 'Order')
      rows.push(row)
      if (row.order.amount < 0) refused.push(record)
    } catch {
      refused.push(record)
    }
  }
  return { rows, refused }
}

/** Every accepted version once, and per order in the order of the input. */
function versionProblems(results: readonly OrderRow[], { accepted }: Expected): string[] {
  const got = new Map<string, string[]>()
  for (const { id, order } of results) got.set(id, [...(got.get(id) ?? []), JSON.stringify(order)])
  const want = new Map([...accepted].map(([id, versions]) => [id, versions.map((order) => JSON.stringify(order))]))
  return differences('priced', got, want)
}

function salesProblems(records: readonly DumpedRecord[], want: Expected, decode: Decode): string[] {
  const got = new Map<string, { orders: number; amount: number }>()
  for (const { key, value } of records) {
    if (key === undefined) return ['sales: a record without a key']
    const name = `${key.toString('utf8', 0, key.length - 8)}@${key.readBigInt64BE(key.length - 8)}`
    if (value === undefined) got.delete(name)
    else {
      const { value: sum } = decode(value) as { value: { orders: number; amount: number } } // the topic is ours
      got.set(name, { orders: sum.orders, amount: sum.amount })
    }
  }
  return differences('sales', got, want.sales)
}

/** Each refused record once, with its own bytes and headers. */
function deadLetterProblems(letters: readonly DumpedRecord[], refused: readonly DumpedRecord[]): string[] {
  const got = new Map<string, string[]>()
  for (const { key, value, headers } of letters) {
    const place = `${header(headers, 'millrace.partition')}:${header(headers, 'millrace.offset')}`
    const own = headers.startsWith('trace=') ? header(headers, 'trace') : ''
    got.set(place, [...(got.get(place) ?? []), contents(key, value, own ?? '')])
  }
  const want = new Map(
    refused.map(({ partition, offset, key, value, headers }) => [
      `${partition}:${offset}`,
      [contents(key, value, header(headers, 'trace') ?? '')],
    ]),
  )
  return differences('dead letters', got, want)
}

const header = (headers: string, name: string) => new RegExp(`(?:^|,)${name}=([^,]*)`).exec(headers)?.[1]
const contents = (key: Buffer | undefined, value: Buffer | undefined, trace: string) =>
  `${key?.toString('hex')} ${value?.toString('hex')} ${trace}`

async function rowProblems(connectionString: string, { accepted }: Expected): Promise<string[]> {
  const client = new pg.Client({ connectionString })
  await client.connect()
  try {
    const table = await client.query('SELECT id, shop, version, amount FROM shop.orders')
    const got = new Map(table.rows.map(({ id, shop, version, amount }) => [id, { shop, version, amount }]))
    const want = new Map(
      [...accepted].flatMap(([id, versions]) => {
        const last = versions.at(-1)
        return last === undefined ? [] : [[id, { shop: last.shop, version: last.version, amount: last.amount }]]
      }),
    )
    const appended = new Map<string, number[]>()
    for (const { id, version } of (await client.query('SELECT id, version FROM shop.versions')).rows)
      appended.set(id, [...(appended.get(id) ?? []), version].sort())
    const wantAppended = new Map([...accepted].map(([id, versions]) => [id, versions.map((one) => one.version).sort()]))
    const letters = await client.query('SELECT count(*)::int AS count FROM shop.sink_dead_letters')
    return [
      ...differences('rows', got, want),
      ...differences('appended rows', appended, wantAppended),
      ...(letters.rows[0]?.count === 0 ? [] : [`${letters.rows[0]?.count} dead letters of the sink`]),
    ]
  } finally {
    await client.end()
  }
}

/** What the table says to each row (time-model.md, Versions), counted without the engine. */
function accountsOf(rows: readonly OrderRow[]): Record<'accepted' | 'conflict' | 'duplicate' | 'stale', number> {
  const counts = { accepted: 0, conflict: 0, duplicate: 0, stale: 0 }
  const known = new Map<string, { version: number; contents: Set<string> }>()
  for (const { id, order } of rows) {
    if (order.amount < 0) continue
    const content = JSON.stringify(order)
    const row = known.get(id)
    if (row === undefined || order.version > row.version) {
      counts.accepted++
      known.set(id, { version: order.version, contents: new Set([content]) })
    } else if (order.version < row.version) counts.stale++
    else if (row.contents.has(content)) counts.duplicate++
    else {
      counts.conflict++
      row.contents.add(content)
    }
  }
  return counts
}

function accountProblems(got: Readonly<Record<string, number>>, want: Readonly<Record<string, number>>): string[] {
  const told: Record<string, number> = { invalid: 0, decode: 0 }
  for (const [what, count] of Object.entries(got)) {
    const name = what === 'dead_letter:decode' || what.startsWith('dead_letter:schema') ? 'decode' : what
    const account = name.startsWith('dead_letter:') ? 'invalid' : name
    if (account in want) told[account] = (told[account] ?? 0) + count
  }
  return isDeepStrictEqual({ ...zeros(want), ...told }, { ...want })
    ? []
    : [`accounts: got ${JSON.stringify(got)}, want ${JSON.stringify(want)}`]
}

const zeros = (of: Readonly<Record<string, number>>) => Object.fromEntries(Object.keys(of).map((name) => [name, 0]))

/** A count and the first few: a whole map would bury them. */
function differences<V>(what: string, got: ReadonlyMap<string, V>, want: ReadonlyMap<string, V>): string[] {
  const keys = new Set([...got.keys(), ...want.keys()])
  const differing = [...keys].filter((key) => !isDeepStrictEqual(got.get(key), want.get(key)))
  if (differing.length === 0) return []
  const shown = differing
    .slice(0, 5)
    .map((key) => `${key}: got ${JSON.stringify(got.get(key))}, want ${JSON.stringify(want.get(key))}`)
  return [`${what}: ${differing.length} of ${keys.size} differ; ${shown.join('; ')}`]
}
