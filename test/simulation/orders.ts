// The topology under simulation, and what must come out of it: versions of orders, deduplicated, counted per shop and hour, and written as rows.
import { hours, minutes } from '../../core/duration.ts'
import type { Random } from '../../core/random.ts'
import { partitionFor } from '../../kafka/partitioner.ts'
import { reject } from '../../processors/validate.ts'
import { confluentSerde } from '../../serdes/confluent-serde.ts'
import { t } from '../../serdes/schema.ts'
import type { SchemaRegistry } from '../../serdes/schema-registry.ts'
import type { Serde } from '../../serdes/serde.ts'
import { windowed, windowResult } from '../../serdes/windowed.ts'
import { pg, pgTable } from '../../sinks/postgres/table.ts'
import { versionedStore, windowStore } from '../../state/store-definitions.ts'
import type { CompiledTopology } from '../../topology/graph.ts'
import { StreamsBuilder } from '../../topology/streams-builder.ts'
import { deadLetterTopic, groupTopic, topic } from '../../topology/topic.ts'
import { tumbling } from '../../topology/windows.ts'

export class Order extends t.record('Order', { shop: t.string, version: t.int, amount: t.int, at: t.instant }) {}
class Kept extends t.record('Kept', { shop: t.string, amount: t.int, at: t.instant }) {}
class Sales extends t.record('Sales', { orders: t.int, amount: t.int }) {}
class Priced extends t.extend('Priced', Order, { soFar: t.optional(t.int) }) {}

export const orders = topic('orders', {
  key: t.string,
  value: Order,
  timestamp: ({ at }) => at,
  partitions: 2,
  config: { timestampType: 'LogAppendTime' },
})
export const badOrders = deadLetterTopic('bad-orders', orders)
export const priced = topic('priced', { key: t.string, value: Priced, partitions: 2 })
export const sales = topic('sales', { key: windowed(t.string), value: windowResult(Sales), partitions: 2 })
/** Rows of an order in 20 minutes; late ones are dropped, so that a final result stays as it is. */
export const rowsSeen = topic('rows-seen', { key: windowed(t.string), value: windowResult(t.int), partitions: 2 })
const seenWindows = { size: minutes(20), grace: minutes(10) }
export const orderTable = pgTable(
  'orders',
  { id: pg.text(), shop: pg.text(), version: pg.int4, amount: pg.int4 },
  { key: ['id'], newest: ['version'] },
)
export const versionTable = pgTable('versions', { id: pg.text(), version: pg.int4 }, { append: true })

export function orderTopology(): CompiledTopology {
  const streams = new StreamsBuilder('shop', { deadLetters: badOrders })
  const rows = streams.stream(orders)
  rows
    .groupByKey()
    .windowedBy(tumbling({ ...seenWindows, late: 'drop' }))
    .count(windowStore('rows-by-order', { key: t.string, value: t.int }))
    .toStream()
    .to(rowsSeen)
  const table = rows
    .validate((order) => (order.amount < 0 ? reject('amount') : order), { invalid: badOrders })
    .toTable(versionedStore('orders', { key: t.string, value: Kept, version: t.int }), {
      version: ({ version }) => version,
      keep: ({ shop, amount, at }) => ({ shop, amount, at }),
    })
  const counts = table
    .groupBy(
      groupTopic('sales-by-shop', {
        key: t.string,
        entry: Sales,
        source: { key: t.string, value: Order },
        partitions: 2,
      }),
      ({ shop, amount, at }) => [{ key: shop, at, value: { orders: 1, amount } }],
    )
    .windowedBy(tumbling({ size: hours(1), grace: hours(2), late: 'correct', zone: 'UTC' }))
    .aggregate(windowStore('hourly-sales', { key: t.string, value: Sales }), {
      initial: { orders: 0, amount: 0 },
      add: (total, one) => ({ orders: total.orders + one.orders, amount: total.amount + one.amount }),
      subtract: (total, one) => ({ orders: total.orders - one.orders, amount: total.amount - one.amount }),
    })
  counts.joinInput(Priced, (result) => ({ soFar: result?.orders })).to(priced)
  counts.toStream().to(sales)
  const out = streams.stream(priced)
  out.sink(orderTable, ({ shop, version, amount }, id) => ({ id, shop, version, amount }))
  out.sink(versionTable, ({ version }, id) => ({ id, version }))
  return streams.build()
}

export interface OrderRow {
  readonly id: string
  readonly order: Order
}

/** A log of versions with repeats, stale ones and bad ones. */
export function someOrders(random: Random, count: number): OrderRow[] {
  const start = Date.UTC(2025, 11, 31)
  const rows: OrderRow[] = []
  for (let i = 0; i < count; i++) {
    const again = rows[Math.floor(random() * rows.length)]
    if (again !== undefined && random() < 0.2) {
      rows.push(again)
      continue
    }
    const id = `o${Math.floor(random() * count * 0.6)}`
    const at = start + Math.floor(random() * 6) * 600_000 + i * 120_000
    const amount = random() < 0.05 ? -1 : Math.floor(random() * 100)
    rows.push({
      id,
      order: new Order({ shop: `s${Math.floor(random() * 3)}`, version: Math.floor(random() * 4), amount, at }),
    })
  }
  return rows
}

/** As another release of the programs that write orders has it: with a field of its own, which readers leave out. */
export async function orderSerdeOf(release: number, registry: SchemaRegistry): Promise<Serde<Order>> {
  const own = { [`since${release}`]: t.optional(t.int) }
  const schema = t.record('Order', { shop: t.string, version: t.int, amount: t.int, at: t.instant, ...own })
  const serde = await confluentSerde({ schema, subject: `${orders.name}-of-release-${release}`, registry })
  return {
    write: ({ shop, version, amount, at }, to) => serde.write(new schema({ shop, version, amount, at }), to),
    read: (buffer, start, end) => new Order(serde.read(buffer, start, end)),
  }
}

export interface Expected {
  /** Final counts of rows, by order and start. */
  readonly finals: ReadonlyMap<string, number>
  readonly accepted: ReadonlyMap<string, readonly Order[]>
  readonly bad: number
  readonly sales: ReadonlyMap<string, { readonly orders: number; readonly amount: number }>
}

/** Computed from the rows alone: the engine's code has no part in it. */
export function expected(rows: readonly OrderRow[]): Expected {
  const accepted = new Map<string, Order[]>()
  const seen = new Map<string, { version: number; contents: Set<string> }>()
  let bad = 0
  for (const { id, order } of rows) {
    if (order.amount < 0) {
      bad++
      continue
    }
    const content = JSON.stringify(order)
    const known = seen.get(id)
    if (
      known !== undefined &&
      (order.version < known.version || (order.version === known.version && known.contents.has(content)))
    )
      continue
    if (known !== undefined && order.version === known.version) known.contents.add(content)
    else seen.set(id, { version: order.version, contents: new Set([content]) })
    accepted.set(id, [...(accepted.get(id) ?? []), order])
  }
  const sums = new Map<string, { orders: number; amount: number }>()
  for (const versions of accepted.values()) {
    const last = versions.at(-1)
    if (last === undefined) continue
    const key = `${last.shop}@${Math.floor(last.at / 3_600_000) * 3_600_000}`
    const sum = sums.get(key) ?? { orders: 0, amount: 0 }
    sums.set(key, { orders: sum.orders + 1, amount: sum.amount + last.amount })
  }
  return { finals: finalsOf(rows), accepted, bad, sales: sums }
}

/** A row is late or not by the clock of its partition alone, and a window is final when that clock has passed its end and grace. */
function finalsOf(rows: readonly OrderRow[]): Map<string, number> {
  const { size, grace } = seenWindows
  const clocks = new Map<number, number>()
  const counts = new Map<string, { readonly partition: number; readonly closesAt: number; readonly count: number }>()
  for (const { id, order } of rows) {
    const key = Buffer.from(id)
    const partition = partitionFor(key, 0, key.length, orders.partitions)
    const clock = Math.max(order.at, clocks.get(partition) ?? 0)
    clocks.set(partition, clock)
    const start = Math.floor(order.at / size) * size
    const closesAt = start + size + grace
    const name = `${id}@${start}`
    if (clock < closesAt) counts.set(name, { partition, closesAt, count: (counts.get(name)?.count ?? 0) + 1 })
  }
  const isFinal = ({ partition, closesAt }: { partition: number; closesAt: number }) =>
    (clocks.get(partition) ?? 0) >= closesAt
  return new Map([...counts].flatMap(([name, seen]) => (isFinal(seen) ? [[name, seen.count]] : [])))
}
