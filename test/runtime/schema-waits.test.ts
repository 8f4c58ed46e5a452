// A record whose writer schema the registry does not give: its partition waits, in sight, and nobody else does.
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ByteWriter } from '../../core/byte-writer.ts'
import { ManualClock, systemClock } from '../../core/clock.ts'
import { Retriable } from '../../core/errors.ts'
import { silentLogger } from '../../core/logger.ts'
import { seededRandom } from '../../core/random.ts'
import { type EmbeddedCluster, openEmbeddedCluster } from '../../kafka/embedded/embedded-cluster.ts'
import { Application, type ApplicationOptions } from '../../runtime/application.ts'
import { SchemaWaits } from '../../runtime/schema-waits.ts'
import { type ConfluentSerde, confluentSerde } from '../../serdes/confluent-serde.ts'
import { confluentRegistry } from '../../serdes/registry/confluent.ts'
import { t } from '../../serdes/schema.ts'
import type { Serde } from '../../serdes/serde.ts'
import { MemorySink } from '../../sinks/memory-sink.ts'
import { MemoryBackend } from '../../state/memory/memory-backend.ts'
import { keyValueStore } from '../../state/store-definitions.ts'
import { StreamsBuilder } from '../../topology/streams-builder.ts'
import { topic } from '../../topology/topic.ts'
import { badOrders, Order, orders, orderTable, orderTopology, versionTable } from '../simulation/orders.ts'
import { deadLettersIn, writeRaw } from '../support/raw-records.ts'
import { SmallRegistry } from '../support/small-registry.ts'

/** What the next release of somebody else's producer writes. */
const NextOrder = t.record('Order', {
  ...{ shop: t.string, version: t.int, amount: t.int, at: t.instant },
  note: t.optional(t.string),
})
const now = Date.now()
const order = (version: number, at = now - 60_000) => new Order({ shop: 's', version, amount: 1, at })
const nextOrder = (version: number) => new NextOrder({ ...order(version), note: 'new' })

let registry: SmallRegistry
let cluster: EmbeddedCluster
let sink: MemorySink
let own: ConfluentSerde<Order>
let next: ConfluentSerde<InstanceType<typeof NextOrder>>
const closing: (() => Promise<void>)[] = []

beforeEach(async () => {
  registry = await SmallRegistry.open()
  cluster = await openEmbeddedCluster({ clock: systemClock, random: seededRandom(1) })
  sink = new MemorySink()
  const client = confluentRegistry({ url: registry.url })
  own = await confluentSerde({ schema: Order, subject: 'orders-value', registry: client })
  next = await confluentSerde({ schema: NextOrder, subject: 'orders-value', registry: client })
})
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
  await cluster.close()
})

async function open(options: Partial<ApplicationOptions> & { readonly lagMsMax?: number } = {}): Promise<Application> {
  const { lagMsMax = 30_000, ...more } = options
  return Application.start({
    ...{ topology: orderTopology(), cluster, sink, backend: new MemoryBackend() },
    registry: confluentRegistry({ url: registry.url, lagMsMax }),
    ...more,
    config: { commitIntervalMs: 5, watermarkIntervalMs: 0, ...more.config },
  })
}

async function run(options?: Parameters<typeof open>[0]): Promise<Application> {
  const application = await open(options)
  const running = application.run()
  closing.push(async () => {
    application.stop()
    await running
    await application.close()
  })
  return application
}

async function write(partition: number, ...records: readonly (readonly [key: string, value: Buffer])[]): Promise<void> {
  const rows = records.map(([key, value]) => ({ key: Buffer.from(key), value }))
  await writeRaw(cluster, { topic: orders.name, partition, timestamp: Date.now() }, rows)
}

const ids = () => sink.rows(orderTable).map(({ id }) => id)
const versionsOf = (id: string) => {
  const rows = sink.rows(versionTable).filter((row) => row.id === id)
  return rows.map(({ version }) => version)
}
const asksFor = (id: number) => registry.asked.filter((asked) => asked === `GET /schemas/ids/${id}`).length

test('holds up its partition only, and goes on by itself, each record once and in order', async () => {
  const application = await run()
  registry.mood = 'drops'
  await write(0, ['a', bytes(own, order(1))], ['a', bytes(next, nextOrder(2))], ['a', bytes(own, order(3))])
  await write(1, ['b', bytes(own, order(1))])
  await until(() => ids().includes('a') && ids().includes('b'))
  await write(1, ['c', bytes(own, order(1))])
  await until(() => ids().includes('c') && asksFor(next.schemaId) > 2)

  const { awaitedSchemas, tasks } = application.snapshot()
  const place = { topic: orders.name, partition: 0, offset: 1, schemaId: next.schemaId }
  expect(awaitedSchemas).toEqual([
    { ...place, since: expect.any(Number), reason: expect.stringContaining('not answered') },
  ])
  expect(tasks.find(({ task }) => task === '0_0')).toMatchObject({ state: 'RUNNING', inputs: [{ committed: 1 }] })
  expect(versionsOf('a')).toEqual([1])

  registry.mood = 'answers'
  await until(() => versionsOf('a').length === 3)
  expect(versionsOf('a')).toEqual([1, 2, 3])
  expect(application.snapshot().awaitedSchemas).toEqual([])
  expect(application.snapshot().nodes[0]).toMatchObject({ node: 'source-orders', in: 5 })
  expect(await deadLettersIn(cluster, badOrders.name)).toEqual([])
})

test('is asked for once, however many partitions wait, and again after pauses that double', async () => {
  const clock = new ManualClock()
  const askedAt: number[] = []
  let ends = 0
  const resolve = async () => {
    askedAt.push(clock.now())
    if (askedAt.length < 5) throw new Retriable('registry_unavailable', 'no answer')
  }
  const serde: Serde<unknown> = { read: () => undefined, write: () => {}, resolve }
  const onEnd = () => void ends++
  const waits = new SchemaWaits({ topic: 'orders', serde, clock, logger: silentLogger, onEnd })
  const wait = waits.begin(7)
  expect(waits.begin(7)).toBe(wait)
  for (; wait.goesOn(); clock.advance(1)) await wait.asked
  expect(askedAt).toEqual([0, 10, 30, 70, 150])
  expect(wait).toMatchObject({ schemaId: 7, since: 0, reason: 'no answer' })
  expect(ends).toBe(1)
  expect(waits.begin(7)).not.toBe(wait)
})

test('a partition that is taken over while it waits is read from its record on, by the new owner, and once', async () => {
  const first = await open()
  registry.mood = 'drops'
  await write(0, ['a', bytes(own, order(1))], ['a', bytes(next, nextOrder(2))], ['a', bytes(own, order(3))])
  while (versionsOf('a').length === 0) await turn(first)
  expect(first.snapshot().awaitedSchemas).toMatchObject([{ partition: 0, offset: 1 }])
  registry.mood = 'answers'

  // The first one is left where it stands, as by kill -9.
  await run()
  await until(() => versionsOf('a').length === 3)
  expect(versionsOf('a')).toEqual([1, 2, 3])
})

test('the other inputs of its task wait with it, those of other tasks do not', async () => {
  const prices = topic('prices', { key: t.string, value: Order, partitions: 2 })
  const sold = topic('sold', { key: t.string, value: t.string, partitions: 2 })
  const priced = topic('priced', { key: t.string, value: t.record('Sold', { version: t.int }), partitions: 2 })
  const streams = new StreamsBuilder('prices')
  streams
    .stream(sold)
    .leftJoin(streams.table(prices, keyValueStore('prices', { key: t.string, value: Order })), (_, price) => ({
      version: price?.version ?? 0,
    }))
    .to(priced)
  streams.stream(priced).sink(versionTable, ({ version }, id) => ({ id, version }))
  const application = await run({ topology: streams.build() })
  const serde = await confluentSerde({ schema: t.string, subject: 'sold-value', registry: confluentRegistry(registry) })
  const writeTo = (name: string, partition: number, key: string, value: Buffer) =>
    writeRaw(cluster, { topic: name, partition, timestamp: Date.now() }, [{ key: Buffer.from(key), value }])

  registry.mood = 'drops'
  await writeTo(prices.name, 0, 'a', bytes(next, nextOrder(7)))
  await until(() => application.snapshot().awaitedSchemas.length === 1)
  await writeTo(sold.name, 0, 'a', bytes(serde, 'tea'))
  await writeTo(sold.name, 1, 'b', bytes(serde, 'tea'))
  await until(() => sink.rows(versionTable).length === 1)
  await until(() => asksFor(next.schemaId) > 4)
  expect(sink.rows(versionTable)).toMatchObject([{ id: 'b' }])
  registry.mood = 'answers'
  await until(() => sink.rows(versionTable).length === 2)
  expect(versionsOf('a')).toEqual([7])
})

test.each([
  ['', 0],
  [', even if it had nothing before', 100],
])('a partition that waits is not taken for one that has nothing to read%s', async (_, idleMs) => {
  const application = await open({ config: { idleAfterMs: 10 } })
  closing.push(() => application.close())
  const behind = () => application.snapshot().tasks.filter(({ task }) => task.startsWith('1_'))
  const turnsUntil = async (condition: () => boolean) => {
    while (!condition()) await turn(application)
  }
  const begin = Date.now()
  await turnsUntil(() => Date.now() - begin >= idleMs)
  registry.mood = 'drops'
  await write(0, ['a', bytes(next, nextOrder(1))])
  await turnsUntil(() => asksFor(next.schemaId) > 4)
  await write(1, ['b', bytes(own, order(1))])
  await turnsUntil(() => ids().includes('b') && asksFor(next.schemaId) > 6)
  expect(behind().map(({ watermark }) => watermark)).toEqual([undefined, undefined])
  registry.mood = 'answers'
  await turnsUntil(() => behind().every(({ watermark }) => watermark !== undefined))
})

test('in front of a sink only the partition waits as well', async () => {
  const streams = new StreamsBuilder('rows')
  streams.stream(orders).sink(orderTable, ({ shop, version, amount }, id) => ({ id, shop, version, amount }))
  const application = await run({ topology: streams.build() })
  registry.mood = 'drops'
  await write(0, ['a', bytes(own, order(1))], ['b', bytes(next, nextOrder(1))], ['c', bytes(own, order(1))])
  await write(1, ['d', bytes(own, order(1))])
  await until(() => ids().length === 2 && application.snapshot().awaitedSchemas.length === 1)
  expect(ids().sort()).toEqual(['a', 'd'])
  registry.mood = 'answers'
  await until(() => ids().length === 4)
  expect(await application.isCaughtUp()).toBe(true)
})

test('an id that the registry learns a little later is no dead letter', async () => {
  registry.hidden.add(next.schemaId)
  const application = await run()
  await write(0, ['a', bytes(next, nextOrder(1))], ['b', bytes(own, order(1))])
  await write(1, ['c', bytes(own, order(1))])
  await until(() => ids().includes('c') && asksFor(next.schemaId) > 3)
  expect(application.snapshot().awaitedSchemas).toMatchObject([
    { partition: 0, schemaId: next.schemaId, reason: `the registry does not know schema ${next.schemaId} yet` },
  ])
  registry.hidden.clear()
  await until(() => ids().length === 3)
  expect(await deadLettersIn(cluster, badOrders.name)).toEqual([])
})

test('an id that the registry does not learn is a dead letter after a while, and its next record at once', async () => {
  registry.hidden.add(next.schemaId)
  await run({ lagMsMax: 500 })
  await write(0, ['a', bytes(next, nextOrder(1))], ['b', bytes(next, nextOrder(1))], ['c', bytes(own, order(1))])
  await until(() => ids().includes('c'))
  const letters = await deadLettersIn(cluster, badOrders.name)
  expect(letters).toMatchObject([
    { reason: 'schema_unknown', offset: 0 },
    { reason: 'schema_unknown', offset: 1 },
  ])
  const asks = asksFor(next.schemaId)
  expect(asks).toBeGreaterThan(1)
  await write(0, ['d', bytes(next, nextOrder(1))], ['e', bytes(own, order(1))])
  await until(() => ids().includes('e'))
  expect(asksFor(next.schemaId)).toBe(asks)
})

test('a registry that refuses us stops the application: waiting does not mend it', async () => {
  const application = await open()
  registry.mood = 'refuses'
  await write(0, ['a', bytes(next, nextOrder(1))])
  await expect(application.run()).rejects.toMatchObject({ code: 'registry_refused' })
  await application.close()
})

function bytes<T>(serde: ConfluentSerde<T>, value: T): Buffer {
  const to = new ByteWriter()
  serde.write(value, to)
  return to.copy()
}

async function turn(application: Application): Promise<void> {
  await application.step()
  await new Promise((resolve) => setImmediate(resolve))
}

async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 20_000
  while (!condition()) {
    if (Date.now() > deadline) throw new Error('it did not come to that within 20 s')
    await systemClock.sleep(5)
  }
}
