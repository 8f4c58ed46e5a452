import { expect, it } from 'vitest'
import { ManualClock } from '../../core/clock.ts'
import { seededRandom } from '../../core/random.ts'
import { openEmbeddedCluster } from '../../kafka/embedded/embedded-cluster.ts'
import { RecordBatchWriter } from '../../kafka/record-batch/record-batch-writer.ts'
import { GlobalTables, type RefusedRow } from '../../runtime/global-tables.ts'
import { prepareTopics } from '../../runtime/internal-topics.ts'
import { openEmbeddedRegistry } from '../../serdes/registry/embedded.ts'
import { t } from '../../serdes/schema.ts'
import { StreamsBuilder } from '../../topology/streams-builder.ts'
import { topic } from '../../topology/topic.ts'
import { inputSerdes } from '../support/input-serdes.ts'

/** A global table on a topic with these rows, by key; of what was refused it tells. */
async function wardsOf(rows: readonly (readonly [key: string, value: string])[]) {
  const wards = topic('wards', { key: t.string, value: t.string, format: 'json', partitions: 1 })
  const visits = topic('visits', { key: t.string, value: t.string })
  const streams = new StreamsBuilder('visits')
  const table = streams.globalTable(wards)
  const joined = topic('joined', { key: t.string, value: t.string })
  streams
    .stream(visits)
    .joinGlobal(
      table,
      (value) => value,
      (value, ward) => `${value} ${ward}`,
    )
    .to(joined)
  const topology = streams.build()
  const cluster = await openEmbeddedCluster({ clock: new ManualClock(1), random: seededRandom(1) })
  await prepareTopics(cluster.admin, topology.topics)
  const [node] = topology.globalTables
  if (node === undefined) throw new Error('the topology has a global table')
  const serdes = await inputSerdes(node.topic, await openEmbeddedRegistry())
  const producer = await cluster.initProducer({ transactionalId: 'input', transactionTimeoutMs: 60_000 })
  const records = new RecordBatchWriter()
  for (const [key, value] of rows) {
    const [keyBytes, valueBytes] = [Buffer.from(key), Buffer.from(value)]
    records.append(1, keyBytes, 0, keyBytes.length, valueBytes, 0, valueBytes.length)
  }
  await producer.send([{ topic: node.topic.name, partition: 0, records }])
  await producer.commit()
  const refused: RefusedRow[] = []
  const load = () =>
    GlobalTables.load(
      cluster,
      [node],
      () => serdes,
      (record) => refused.push(record),
    )
  return { cluster, refused, load, name: node.topic.name }
}

it('tells of a record that cannot be read, and keeps the others', async () => {
  const { cluster, refused, load, name } = await wardsOf([
    ['a', '"first"'],
    ['b', '{cut'],
    ['c', '"third"'],
  ])
  const tables = await load()
  expect(new Map(tables.of(name))).toEqual(
    new Map([
      ['a', 'first'],
      ['c', 'third'],
    ]),
  )
  expect(refused).toMatchObject([{ topic: 'wards', partition: 0, offset: 1, reason: 'decode' }])
  await tables.close()
  await cluster.close()
})

it('begins where the log begins, when retention has moved that', async () => {
  const { cluster, load, name } = await wardsOf([
    ['a', '"first"'],
    ['b', '"second"'],
  ])
  await cluster.admin.deleteRecords([{ topic: name, partition: 0, before: 1 }])
  const tables = await load()
  expect(new Map(tables.of(name))).toEqual(new Map([['b', 'second']]))
  await tables.close()
  await cluster.close()
})
