import { afterEach, beforeEach, expect, it } from 'vitest'
import { ByteWriter } from '../../core/byte-writer.ts'
import { ManualClock } from '../../core/clock.ts'
import { seconds } from '../../core/duration.ts'
import { Retriable } from '../../core/errors.ts'
import { silentLogger } from '../../core/logger.ts'
import { seededRandom } from '../../core/random.ts'
import { type EmbeddedCluster, openEmbeddedCluster } from '../../kafka/embedded/embedded-cluster.ts'
import { withFaults } from '../../kafka/embedded/fault-hooks.ts'
import { GlobalTableFollower } from '../../runtime/global-table-follower.ts'
import { GlobalTables } from '../../runtime/global-tables.ts'
import { prepareTopics } from '../../runtime/internal-topics.ts'
import { confluentSerde } from '../../serdes/confluent-serde.ts'
import { type EmbeddedRegistry, openEmbeddedRegistry } from '../../serdes/registry/embedded.ts'
import { t } from '../../serdes/schema.ts'
import type { SchemaRegistry } from '../../serdes/schema-registry.ts'
import type { Serde } from '../../serdes/serde.ts'
import type { SourceNode } from '../../topology/graph.ts'
import { StreamsBuilder } from '../../topology/streams-builder.ts'
import { topic } from '../../topology/topic.ts'
import { inputSerdes } from '../support/input-serdes.ts'
import { writeRaw } from '../support/raw-records.ts'

const Ward = t.record('Ward', { number: t.int })
const NamedWard = t.record('Ward', { number: t.int, name: t.optional(t.string) })
const wards = topic('wards', { key: t.string, value: Ward, partitions: 1 })
const outageMsMax = seconds(60)

let clock: ManualClock
let cluster: EmbeddedCluster
let registry: EmbeddedRegistry
let tables: GlobalTables
let follower: GlobalTableFollower
let log: string[]
let isAway: boolean
let noBrokers: boolean

beforeEach(async () => {
  clock = new ManualClock(1)
  cluster = await openEmbeddedCluster({ clock, random: seededRandom(1) })
  registry = await openEmbeddedRegistry()
  log = []
  isAway = false
  noBrokers = false
  const node = await wardsNode()
  const serdes = await inputSerdes(node.topic, sometimesAway(), clock)
  const faulty = withFaults(cluster, {
    before: (call) => {
      if (call === 'fetch' && noBrokers) throw new Retriable('no_broker', 'no broker can be reached')
    },
  })
  tables = await GlobalTables.load(
    { ...faulty, close: async () => {} },
    [node],
    () => serdes,
    () => {},
  )
  const logger = { ...silentLogger, warn: (message: string) => void log.push(message) }
  follower = new GlobalTableFollower({ tables, clock, logger, outageMsMax })
})
afterEach(async () => {
  await tables.close()
  await cluster.close()
})

it('keeps the rows while the registry is away that must tell how to read a record, and reads it afterwards', async () => {
  await write('a', await confluentSerde({ schema: Ward, subject: 'wards-value', registry }), { number: 1 })
  await follower.follow()
  expect(rows()).toEqual({ a: { number: 1 } })

  isAway = true
  await write('a', await namedWards(), { number: 2, name: 'Noe' })
  await follower.follow()
  await follower.follow()
  expect(rows()).toEqual({ a: { number: 1 } })
  expect(tables.inputs[0]?.waiting).toMatchObject({ schemaId: 2, since: 1, reason: 'the registry does not answer' })

  isAway = false
  clock.advance(seconds(5))
  await follower.follow()
  await follower.follow()
  expect(rows()).toEqual({ a: { number: 2 } })
  expect(log).toEqual([])
})

it('gives up when it lasts too long', async () => {
  noBrokers = true
  await follower.follow()
  expect(log).toEqual(['the global tables stay as they are'])
  clock.advance(outageMsMax + 1)
  await expect(follower.follow()).rejects.toMatchObject({ code: 'outage' })
})

const namedWards = () => confluentSerde({ schema: NamedWard, subject: 'wards-value', registry })
const rows = () => Object.fromEntries([...tables.of(wards.name)].map(([key, row]) => [String(key), { ...Object(row) }]))

async function write<V>(key: string, serde: Serde<V>, value: V): Promise<void> {
  const to = new ByteWriter()
  serde.write(value, to)
  await writeRaw(cluster, { topic: wards.name, partition: 0, timestamp: 1 }, [
    { key: Buffer.from(key), value: to.copy() },
  ])
}

async function wardsNode(): Promise<SourceNode> {
  const streams = new StreamsBuilder('visits')
  const table = streams.globalTable(wards)
  const text = { key: t.string, value: t.string }
  streams
    .stream(topic('visits', text))
    .joinGlobal(
      table,
      (value) => value,
      (value, ward) => `${value} ${ward?.number}`,
    )
    .to(topic('joined', text))
  const { topics, globalTables } = streams.build()
  await prepareTopics(cluster.admin, topics)
  const [node] = globalTables
  if (node === undefined) throw new Error('the topology has a global table')
  return node
}

function sometimesAway(): SchemaRegistry {
  return {
    register: (subject, schema) => registry.register(subject, schema),
    schemaById: (id) =>
      isAway
        ? Promise.reject(new Retriable('registry_unavailable', 'the registry does not answer'))
        : registry.schemaById(id),
  }
}
