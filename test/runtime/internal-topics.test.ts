// How topics are created, and what is said about those that do not fit.
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ManualClock } from '../../core/clock.ts'
import { StreamsError } from '../../core/errors.ts'
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
const alter = (name: string, changes: string) =>
  `kafka-configs.sh --bootstrap-server "$KAFKA_BROKERS" --alter --entity-type topics --entity-name ${name} --add-config ${changes}`

test.each([
  ['source', { timestampType: 'LogAppendTime' }],
  ['repartition', { timestampType: 'LogAppendTime', cleanupPolicy: 'delete', retentionMs: -1 }],
  ['output', { timestampType: 'CreateTime', cleanupPolicy: 'delete', retentionMs: -1 }],
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

test.each(['source', 'output'])(
  'another number of partitions of a %s topic is refused, naming the way out',
  async (role) => {
    await create(nameOf(role), 7)
    await expect(prepareTopics(cluster.admin, topics)).rejects.toThrow(
      `topic ${nameOf(role)} has 7 partitions, but its definition says 2: write \`partitions: 7\` in its definition, or, where nobody needs ` +
        'what it holds, delete it and what the application derived from it, and start again: ' +
        `kafka-topics.sh --bootstrap-server "$KAFKA_BROKERS" --delete --topic ${nameOf(role)}`,
    )
  },
)

test.each([
  ['changelog', { cleanupPolicy: 'delete' }, 'cleanup.policy=delete instead of compact', 'cleanup.policy=compact'],
  [
    'changelog',
    { deleteRetentionMs: 1000, minCompactionLagMs: 0 },
    'delete.retention.ms=1000 instead of 604800000, min.compaction.lag.ms=0 instead of 60000',
    'delete.retention.ms=604800000,min.compaction.lag.ms=60000',
  ],
  ['repartition', { retentionMs: 1000 }, 'retention.ms=1000 instead of -1', 'retention.ms=-1'],
  [
    'repartition',
    { timestampType: 'CreateTime' },
    'message.timestamp.type=CreateTime instead of LogAppendTime',
    'message.timestamp.type=LogAppendTime',
  ],
] as const)(
  'a %s topic with %o would lose or refuse records: refused, with the command that mends it',
  async (role, change, found, changes) => {
    const cleanupPolicy = role === 'changelog' ? 'compact' : 'delete'
    await create(nameOf(role), 2, {
      cleanupPolicy,
      timestampType: 'LogAppendTime',
      deleteRetentionMs: 604_800_000,
      ...change,
    })
    const { message } = await refused()
    expect(message).toContain(`topic ${nameOf(role)} has ${found}`)
    expect(message).toContain(alter(nameOf(role), changes))
  },
)

test('an output whose versions would be compacted away is refused, unless its definition says so', async () => {
  const output = topics.find((topic) => topic.role === 'output')
  if (output === undefined) throw new Error('there is one')
  await create(output.name, output.partitions, { cleanupPolicy: 'compact' })
  const { message } = await refused()
  expect(message).toContain(`topic ${output.name} has cleanup.policy=compact instead of delete`)
  expect(message).toContain(
    "write `cleanupPolicy: 'compact'` in its definition, or, so that readers see every record: ",
  )
  expect(message).toContain(alter(output.name, 'cleanup.policy=delete'))
  const table = { ...output, config: { cleanupPolicy: 'compact' } as const }
  await expect(prepareTopics(cluster.admin, [table])).resolves.toBeDefined()
})

test('all that is wrong is told at once, and nothing is created', async () => {
  await create(nameOf('source'), 7)
  await create(nameOf('changelog'), 2, { timestampType: 'LogAppendTime' })
  const { code, message } = await refused()
  expect(code).toBe('topic_mismatch')
  expect(message.split('\n')).toHaveLength(2)
  expect(await cluster.admin.listTopics()).toHaveLength(2)
})

test('the times of a source topic are its owner’s business', async () => {
  await create(nameOf('source'), 2, { timestampType: 'CreateTime' })
  await expect(prepareTopics(cluster.admin, topics)).resolves.toBeDefined()
})

test('where creating is forbidden, what is missing is named with the commands', async () => {
  await create(nameOf('source'), 2)
  const { code, message } = await refused({ autoCreateTopics: false })
  expect(code).toBe('topic_missing')
  expect(
    message.match(/^kafka-topics\.sh --bootstrap-server "\$KAFKA_BROKERS" --create --topic \S+ --partitions 2 /gm),
  ).toHaveLength(topics.length - 1)
  expect(await cluster.admin.listTopics()).toEqual([nameOf('source')])
})

async function refused(options = {}): Promise<StreamsError> {
  const error = await prepareTopics(cluster.admin, topics, options).catch((reason: unknown) => reason)
  if (error instanceof StreamsError) return error
  throw new Error('it was not refused')
}
