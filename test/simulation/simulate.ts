// One seed is one run: the same faults, the same interleaving, the same answer. `npm run simulate -- --runs 200000 --seed 1`.
import { isDeepStrictEqual } from 'node:util'
import type { ByteWriter } from '../../core/byte-writer.ts'
import { seededRandom } from '../../core/random.ts'
import { defaultTopicConfig, type TopicConfig } from '../../kafka/cluster.ts'
import { TopicReader, type TopicRecord, TopicWriter } from '../../runtime/topic-io.ts'
import type { Windowed, WindowResult } from '../../serdes/windowed.ts'
import type { Topic } from '../../topology/topic.ts'
import type { Mutation } from './mutations.ts'
import {
  badOrders,
  type Expected,
  expected,
  type Order,
  type OrderRow,
  orderSerdeOf,
  orders,
  orderTable,
  orderTopology,
  priced,
  rowsSeen,
  sales,
  someOrders,
  versionTable,
} from './orders.ts'
import { type Coverage, World } from './world.ts'

const TURNS = 1_500

/** @throws when the outcome differs from that of a run without faults, naming the seed. */
export async function simulateSeed(seed: number, coverage: Coverage = new Map(), mutation?: Mutation): Promise<void> {
  const world = await World.open(seed, orderTopology(), coverage, mutation)
  const rows = someOrders(seededRandom(seed * 31 + 7), 30 + (seed % 40))
  const input = await inputOf(world, rows)
  const restoreEngine = mutation?.engine?.()
  try {
    await world.run(TURNS, input)
    check(await outcome(world), expected(rows))
  } catch (error) {
    throw new Error(`seed ${seed}: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
  } finally {
    restoreEngine?.()
  }
}

interface Outcome {
  readonly versions: ReadonlyMap<string, readonly number[]>
  readonly sales: ReadonlyMap<string, { readonly orders: number; readonly amount: number }>
  readonly finals: ReadonlyMap<string, number>
  readonly bad: number
  readonly tableRows: readonly Readonly<Record<string, unknown>>[]
  readonly versionRows: number
}

/** What writes the rows, four at a time. */
async function inputOf(world: World, rows: readonly OrderRow[]): Promise<(() => Promise<void>)[]> {
  const topic = physical(world, orders.name)
  const config: TopicConfig = { ...defaultTopicConfig, timestampType: 'LogAppendTime' }
  await world.cluster.admin.createTopics([{ name: topic.name, partitions: topic.partitions, config }])
  const producer = await world.cluster.initProducer({ transactionalId: 'input', transactionTimeoutMs: 60_000 })
  const { key, value: own } = await topic.serdes(world.registry)
  const others = await Promise.all([1, 2, 3].map((release) => orderSerdeOf(release, world.registry)))
  const value = { ...own, write: (order: Order, to: ByteWriter) => (others[order.version] ?? own).write(order, to) }
  const writer = new TopicWriter<string, Order>(topic, { key, value }, producer)
  return Array.from({ length: Math.ceil(rows.length / 4) }, (_, i) => async () => {
    const batch = rows.slice(4 * i, 4 * i + 4)
    await writer.write(
      batch.map(({ id, order }) => ({ key: id, value: order, timestamp: order.at, ingestedAt: world.clock.now() })),
    )
  })
}

async function outcome(world: World): Promise<Outcome> {
  const versions = new Map<string, number[]>()
  const enriched = await readAll(world, priced)
  for (const { key, value } of enriched) versions.set(key, [...(versions.get(key) ?? []), value?.version ?? -1])
  const counts = new Map<string, { orders: number; amount: number }>()
  const results = await readAll(world, sales)
  requireFinality(results)
  for (const { key, value } of results) {
    const name = `${key.key}@${key.start}`
    if (value === undefined) counts.delete(name)
    else counts.set(name, { orders: value.value.orders, amount: value.value.amount })
  }
  const bad = physical(world, badOrders.name)
  const letters = new TopicReader(bad, await bad.serdes(world.registry), world.cluster)
  return {
    versions,
    sales: counts,
    finals: finalsOf(await readAll(world, rowsSeen)),
    bad: (await letters.readAll()).length,
    tableRows: world.sink.rows(orderTable),
    versionRows: world.sink.rows(versionTable).length,
  }
}

type WindowOutput = TopicRecord<Windowed<string>, WindowResult<unknown>>

/** What is final is final once, and nothing is provisional behind it, whoever has restored the window meanwhile. */
function requireFinality(results: readonly WindowOutput[]): void {
  const finals = new Set<string>()
  for (const { key, value } of results) {
    const name = `${key.key}@${key.start}`
    if (value === undefined || value.status === 'corrected') continue
    if (finals.has(name)) throw new Error(`a window was final and is ${value.status}: ${name}`)
    if (value.status === 'final') finals.add(name)
  }
}

/** Of windows that are never corrected. */
function finalsOf(results: readonly TopicRecord<Windowed<string>, WindowResult<number>>[]): Map<string, number> {
  requireFinality(results)
  const finals = results.flatMap(({ key, value }): [string, number][] => {
    if (value === undefined || value.status === 'corrected') throw new Error('a window of dropped rows was corrected')
    return value.status === 'final' ? [[`${key.key}@${key.start}`, value.value]] : []
  })
  return new Map(finals)
}

function check(got: Outcome, want: Expected): void {
  const versions = new Map([...want.accepted].map(([id, accepted]) => [id, accepted.map(({ version }) => version)]))
  const wantRows = [...want.accepted].map(([id, accepted]) => ({ id, ...accepted.at(-1) }))
  same(
    'accepted versions, once each',
    byKey(got.versions, (list) => list.toSorted()),
    byKey(versions, (list) => list.toSorted()),
  )
  same('counts of the latest versions', byKey(got.sales), byKey(want.sales))
  same('windows that are final, with their counts', byKey(got.finals), byKey(want.finals))
  same('dead letters', got.bad, want.bad)
  same(
    'rows of the latest versions',
    got.tableRows.map(({ id, version }) => `${id} v${version}`).sort(),
    wantRows.map(({ id, version }) => `${id} v${version}`).sort(),
  )
  same(
    'rows appended, once a version',
    got.versionRows,
    [...want.accepted.values()].reduce((sum, { length }) => sum + length, 0),
  )
}

function byKey<V, W = V>(
  map: ReadonlyMap<string, V>,
  of: (value: V) => W = (value) => value as unknown as W,
): [string, W][] {
  return [...map].sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, value]) => [key, of(value)])
}

function same(what: string, got: unknown, want: unknown): void {
  if (!isDeepStrictEqual(got, want))
    throw new Error(`${what}: got ${JSON.stringify(got)}, want ${JSON.stringify(want)}`)
}

function physical(world: World, name: string) {
  const topic = world.topology.topics.find((one) => one.name === name)
  if (topic === undefined) throw new Error(`no topic ${name}`)
  return topic
}

async function readAll<K, V>(world: World, topic: Topic<K, V>) {
  const found = physical(world, topic.name)
  return new TopicReader<K, V>(found, await found.serdes(world.registry), world.cluster).readAll()
}

/** From the command line: `--runs N`, `--seed FIRST`. Prints progress and the coverage; a failing seed ends it with a non-zero code. */
export async function simulate(args: readonly string[]): Promise<void> {
  const runs = numberAfter(args, '--runs') ?? 200_000
  const first = numberAfter(args, '--seed') ?? 1
  const coverage: Coverage = new Map()
  const failures: string[] = []
  let lastLine = Date.now()
  for (let i = 0; i < runs; i++) {
    await simulateSeed(first + i, coverage).catch((error: unknown) => {
      failures.push(String(error))
      if (process.env.SIMULATION_STACK) console.log((error as Error).cause)
      console.log(String(error))
    })
    if (Date.now() - lastLine < 10_000) continue
    lastLine = Date.now()
    console.log(`${i + 1} of ${runs} seeds, ${failures.length} failed`)
  }
  for (const [cell, count] of [...coverage].sort()) console.log(`${cell.padEnd(24)} ${count}`)
  console.log(`${runs} seeds from ${first}, ${failures.length} failed`)
  if (failures.length > 0) process.exitCode = 1
}

function numberAfter(args: readonly string[], flag: string): number | undefined {
  const at = args.indexOf(flag)
  return at < 0 ? undefined : Number(args[at + 1])
}
