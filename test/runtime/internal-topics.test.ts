// How topics are created, and what is said about those that do not fit.
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ManualClock } from '../../core/clock.ts'
import { seededRandom } from '../../core/random.ts'
import { defaultTopicConfig, type TopicConfig } from '../../kafka/cluster.ts'
import { type EmbeddedCluster, openEmbeddedCluster } from '../../kafka/embedded/embedded-cluster.ts'
import { prepareTopics } from '../../runtime/internal-topics.ts'
import { orderTopology } from '../simulation/orders.ts'

const { topics } = orderTopology()
const nameOf = (role: string) => topics.find((topic) => topic.role === role)?.name ?? ''
let cluster: EmbeddedCluster
beforeEach(async () => {
  cluster = await openEmbeddedCluster({ clock: new ManualClock(), random: seededRandom(1) })
})
afterEach(() => cluster.close())

const create = (name: string, partitions: number, config: Partial<TopicConfig> = {}) =>
  cluster.admin.createTopics([{ name, partitions, config: { ...defaultTopicConfig, ...config } }])

test.each([
  ['source', { timestampType: 'LogAppendTime' }],
  ['repartition', { timestampType: 'LogAppendTime', cleanupPolicy: 'delete', retentionMs: -1 }],
  ['output', { timestampType: 'CreateTime', cleanupPolicy: 'compact', retentionMs: -1 }],
  ['changelog', { timestampType: 'LogAppendTime', cleanupPolicy: 'compact', minCompactionLagMs: 60_000 }],
  ['dead-letters', { timestampType: 'LogAppendTime', retentionMs: -1 }],
])('a %s topic keeps what must not be lost', async (role, config) => {
  const described = await prepareTopics(cluster.admin, topics)
  expect(described.get(nameOf(role))?.config).toMatchObject(config)
})

test('topics that are there already stay as they are', async () => {
  const before = await prepareTopics(cluster.admin, topics)
  expect(await prepareTopics(cluster.admin, topics)).toEqual(before)
})

test('another number of partitions is refused, naming topic, both numbers and the way out', async () => {
  await create(nameOf('source'), 7)
  await expect(prepareTopics(cluster.admin, topics)).rejects.toThrow(
    'topic orders has partitions 7, but its definition says 2: change the definition, or recreate the topic and reset the application',
  )
})

test.each([
  ['changelog', { cleanupPolicy: 'delete', timestampType: 'LogAppendTime' }, 'cleanupPolicy delete'],
  ['repartition', { cleanupPolicy: 'delete', timestampType: 'CreateTime' }, 'timestampType CreateTime'],
] as const)('a %s topic that would lose or refuse records is refused', async (role, config, found) => {
  await create(nameOf(role), 2, config)
  await expect(prepareTopics(cluster.admin, topics)).rejects.toThrow(`topic ${nameOf(role)} has ${found}`)
})

test('the times of a source topic are its owner’s business', async () => {
  await create(nameOf('source'), 2, { timestampType: 'CreateTime' })
  await expect(prepareTopics(cluster.admin, topics)).resolves.toBeDefined()
})
