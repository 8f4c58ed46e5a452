// Topics that somebody has configured otherwise on real brokers: the start refuses them, and the command that it names mends them.
import { execFile } from 'node:child_process'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { silentLogger } from '../../core/logger.ts'
import type { Cluster, TopicConfig } from '../../kafka/cluster.ts'
import { openRemoteCluster } from '../../kafka/remote/remote-cluster.ts'
import { prepareTopics } from '../../runtime/internal-topics.ts'
import { topicConfig } from '../../runtime/topic-config.ts'
import type { PhysicalTopic } from '../../topology/graph.ts'
import { remoteOptions } from '../kafka/remote/remote-options.ts'
import { kafkaJars } from '../services/kafka/class-path.ts'
import { useKafka } from '../services/kafka.ts'
import { type Service, useService } from '../services/use-service.ts'
import { orderTopology } from '../simulation/orders.ts'

const run = promisify(execFile)

describe('topics on brokers', { timeout: 120_000 }, () => {
  // A limit that brokers have for topics which say nothing of it.
  const kafka = useKafka({ nativeOnly: true, extra: ['log.retention.bytes=10000000'] })
  const tools = useService('Kafka’s own tools', kafkaTools)
  let cluster: Cluster
  let topics: readonly PhysicalTopic[]
  let round = 0
  beforeEach(async () => {
    cluster = await openRemoteCluster(remoteOptions(kafka()))
    const prefix = `t${round++}-`
    topics = orderTopology().topics.map((topic) => ({ ...topic, name: prefix + topic.name }))
  })
  afterEach(() => cluster.close())

  const topicOf = (role: string): PhysicalTopic => {
    const topic = topics.find((one) => one.role === role)
    if (topic === undefined) throw new Error(`there is no ${role} topic`)
    return topic
  }
  const create = ({ name, partitions }: PhysicalTopic, config: TopicConfig) =>
    cluster.admin.createTopics([{ name, partitions, config }])
  const refusal = () =>
    prepareTopics(cluster.admin, topics).then(
      () => '',
      (error: unknown) => String(error),
    )
  /** As a person would, with what the error says. */
  const type = (command: string) =>
    run('sh', ['-c', command], {
      env: {
        ...process.env,
        PATH: `${tools().folder}${delimiter}${process.env.PATH}`,
        KAFKA_BROKERS: kafka().brokers.join(','),
      },
    })
  const commandIn = (message: string) => /kafka-configs\.sh .*$/m.exec(message)?.[0] ?? ''

  test('are created as the engine needs them, and found to be so', async () => {
    const created = await prepareTopics(cluster.admin, topics)
    expect(await prepareTopics(cluster.admin, topics)).toEqual(created)
    for (const topic of topics) {
      expect(created.get(topic.name)).toMatchObject({ partitions: topic.partitions, config: topicConfig(topic) })
      expect(created.get(topic.name)?.replication).toEqual({ copies: 1, minInSync: 1, isUnclean: false })
    }
  })

  test.each([
    ['changelog', { cleanupPolicy: 'delete', minCompactionLagMs: 0 }],
    ['repartition', { retentionMs: 604_800_000, cleanupPolicy: 'compact,delete' }],
    ['repartition', { retentionBytes: 1_000_000 }],
    ['output', { maxMessageBytes: 100_000 }],
    ['dead-letters', { cleanupPolicy: 'compact' }],
    ['dead-letters', { maxMessageBytes: 100_000 }],
  ] as const)('a %s topic that was created otherwise is refused, until its command was typed', async (role, config) => {
    const topic = topicOf(role)
    await create(topic, { ...topicConfig(topic), ...config })
    const message = await refusal()
    expect(message).toContain(`topic ${topic.name} has `)
    expect(message).not.toContain('definition')
    await type(commandIn(message))
    expect(await refusal()).toBe('')
  })

  test('a compacted output of which brokers would forget what was deleted is refused, unless its definition says so', async () => {
    const table = { ...topicOf('output'), config: { cleanupPolicy: 'compact' } as const }
    const prepare = (topic: PhysicalTopic) => prepareTopics(cluster.admin, [topic])
    await create(table, { ...topicConfig(table), deleteRetentionMs: 86_400_000 })
    await expect(prepare(table)).rejects.toThrow(
      /has delete\.retention\.ms=86400000 instead of \d+, .*write `deleteRetentionMs: 86400000` in its definition, or, .*: kafka-configs/,
    )
    await prepare({ ...table, config: { ...table.config, deleteRetentionMs: 86_400_000 } })
  })

  test('a topic that no broker would take writes for is refused, until its command was typed', async () => {
    await prepareTopics(cluster.admin, topics)
    const { name } = topicOf('output')
    await type(
      `kafka-configs.sh --bootstrap-server "$KAFKA_BROKERS" --alter --entity-type topics --entity-name ${name} --add-config min.insync.replicas=2`,
    )
    const message = await refusal()
    expect(message).toContain(`topic ${name} has 1 copies, but takes writes only with 2 in sync`)
    await type(commandIn(message))
    expect(await refusal()).toBe('')
  })

  test('topics that the brokers do not create are named with their commands', async () => {
    const [first] = topics
    if (first === undefined) throw new Error('there are topics')
    await expect(prepareTopics(cluster.admin, [{ ...first, partitions: 0 }])).rejects.toMatchObject({
      code: 'topic_not_created',
      message: expect.stringMatching(/^topics cannot be created: .*artitions.*\nkafka-topics\.sh .* --partitions 0 /s),
    })
  })

  test('few copies are told once, in a line, and so are topics that brokers may cut off', async () => {
    const lines: string[] = []
    const logger = {
      ...silentLogger,
      warn: (message: string, fields = {}) => void lines.push(message + JSON.stringify(fields)),
    }
    await prepareTopics(cluster.admin, topics, { logger })
    expect(lines).toEqual([expect.stringContaining('"copies":1,"min.insync.replicas":1')])
    const { name } = topicOf('source')
    await type(
      `kafka-configs.sh --bootstrap-server "$KAFKA_BROKERS" --alter --entity-type topics --entity-name ${name} --add-config unclean.leader.election.enable=true`,
    )
    await prepareTopics(cluster.admin, topics, { logger })
    expect(lines.at(-1)).toMatch(/^brokers may drop committed records .*"topics":1,"one":"t\d+-orders"/)
  })
})

/** A folder with Kafka's own tool under the name that it has in a distribution. */
async function kafkaTools(): Promise<Service & { readonly folder: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-test-tools-'))
  const classPath = (await kafkaJars()).join(delimiter)
  const script = join(folder, 'kafka-configs.sh')
  await writeFile(
    script,
    `#!/bin/sh\nexec java -Xmx96m -XX:TieredStopAtLevel=1 -cp '${classPath}' kafka.admin.ConfigCommand "$@"\n`,
  )
  await chmod(script, 0o755)
  return { folder, stop: () => rm(folder, { recursive: true, force: true }) }
}
