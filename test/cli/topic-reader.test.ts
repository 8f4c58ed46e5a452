import { expect, test } from 'vitest'
import { topicReader } from '../../cli/topic-reader.ts'
import { ManualClock } from '../../core/clock.ts'
import { seededRandom } from '../../core/random.ts'
import { defaultTopicConfig } from '../../kafka/cluster.ts'
import { openEmbeddedCluster } from '../../kafka/embedded/embedded-cluster.ts'
import { RecordBatchWriter } from '../../kafka/record-batch/record-batch-writer.ts'
import { TopicWriter } from '../../runtime/topic-io.ts'
import { openEmbeddedRegistry } from '../../serdes/registry/embedded.ts'
import { parseReadFrom, type TopicRecord } from '../../server/topic-records.ts'
import { bikes, rides } from '../readme/bikes.ts'

const partitions = 3

/** Rides of 0 … 9 minutes, round the partitions, three to a transaction. */
async function tenRides() {
  const cluster = await openEmbeddedCluster({ clock: new ManualClock(), random: seededRandom(1) })
  const registry = await openEmbeddedRegistry()
  await cluster.admin.createTopics([{ name: rides.name, partitions, config: defaultTopicConfig }])
  const topic = bikes.topics.find(({ name }) => name === rides.name)
  if (topic === undefined) throw new Error('bikes does not read rides')
  const producer = await cluster.initProducer({ transactionalId: 'test', transactionTimeoutMs: 60_000 })
  const writer = new TopicWriter({ name: rides.name, partitions }, await topic.serdes(registry), producer)
  const all = Array.from({ length: 10 }, (_, n) => ({
    key: `station ${n}`,
    value: { minutes: n },
    timestamp: 1000 * n,
    ingestedAt: 0,
    partition: n % partitions,
  }))
  for (let first = 0; first < all.length; first += 3) await writer.write(all.slice(first, first + 3))
  return { cluster, producer, read: topicReader(cluster, registry, bikes) }
}

const minutesOf = (records: readonly TopicRecord[] = []) =>
  records.map(({ value }) => (value as { minutes: number }).minutes).sort((a, b) => a - b)

test('reads a topic from its beginning, decoded', async () => {
  const { read } = await tenRides()
  const answer = await read({ topic: 'rides', from: 'beginning', limit: 100 })
  expect(answer?.records.find(({ key }) => key === 'station 4')).toMatchObject({
    partition: 1,
    timestamp: 4000,
    key: 'station 4',
    value: { minutes: 4 },
  })
  expect(minutesOf(answer?.records)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
})

test('goes on where an answer ended, whatever the limit: nothing twice, nothing left out', async () => {
  const { read } = await tenRides()
  for (const limit of [1, 2, 3, 4, 7]) {
    const all: TopicRecord[] = []
    for (let from = 'beginning'; ; ) {
      const answer = await read({ topic: 'rides', from: parseReadFrom(from) ?? 'end', limit })
      if (answer === undefined || answer.records.length === 0) break
      expect(answer.records.length).toBeLessThanOrEqual(limit)
      all.push(...answer.records)
      from = answer.next
    }
    expect(minutesOf(all), `limit ${limit}`).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  }
})

test('from the end there is nothing yet', async () => {
  const { read } = await tenRides()
  expect((await read({ topic: 'rides', from: 'end', limit: 10 }))?.records).toEqual([])
})

test('positions beyond the log are taken to its ends', async () => {
  const { read } = await tenRides()
  const positions = new Map([
    [0, 999],
    [1, 999],
    [2, 0],
  ])
  expect(minutesOf((await read({ topic: 'rides', from: positions, limit: 10 }))?.records)).toEqual([2, 5, 8])
})

test('what cannot be decoded is shown as it is, with the reason', async () => {
  const { read, cluster, producer } = await tenRides()
  const records = new RecordBatchWriter()
  const bytes = Buffer.from('station 99not a ride')
  records.append(5000, bytes, 0, 10, bytes, 10, bytes.length)
  await producer.send([{ topic: 'rides', partition: 0, records }])
  await producer.commit()
  const answer = await read({ topic: 'rides', from: 'beginning', limit: 100 })
  expect(answer?.records.find(({ problem }) => problem !== undefined)).toMatchObject({
    partition: 0,
    value: 'not a ride',
  })
  await cluster.close()
})

test('knows no topic of others', async () => {
  const { read } = await tenRides()
  expect(await read({ topic: 'elsewhere', from: 'beginning', limit: 1 })).toBeUndefined()
})
