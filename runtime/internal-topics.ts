// How each topic is created, by its role, and the check that what is there fits (exactly-once.md §1).
import { days, seconds } from '../core/duration.ts'
import { StreamsError } from '../core/errors.ts'
import { type Admin, defaultTopicConfig, type TopicConfig, type TopicDescription } from '../kafka/cluster.ts'
import type { PhysicalTopic } from '../topology/graph.ts'
import { INTERNAL_RECORD_BYTES_MAX } from './output-buffers.ts'

/** Records older than this may be compacted away; sinks that lag longer than a week are told by their alert first. */
const OUTPUT_COMPACTION_LAG_MS = days(7)

/** A record that came in must fit into the application's own topics with what the engine adds (output-buffers.ts). */
const INTERNAL_BATCH_BYTES_MAX = 2 * INTERNAL_RECORD_BYTES_MAX

const roleConfig: Readonly<Record<PhysicalTopic['role'], Partial<TopicConfig>>> = {
  source: { timestampType: 'LogAppendTime' },
  repartition: {
    timestampType: 'LogAppendTime',
    cleanupPolicy: 'delete',
    retentionMs: -1,
    maxMessageBytes: INTERNAL_BATCH_BYTES_MAX,
  },
  output: {
    timestampType: 'CreateTime',
    cleanupPolicy: 'compact',
    retentionMs: -1,
    minCompactionLagMs: OUTPUT_COMPACTION_LAG_MS,
  },
  changelog: {
    timestampType: 'LogAppendTime',
    cleanupPolicy: 'compact',
    segmentBytes: 64 * 1024 * 1024,
    deleteRetentionMs: days(7),
    minCompactionLagMs: seconds(60),
    maxMessageBytes: INTERNAL_BATCH_BYTES_MAX,
  },
  'dead-letters': { timestampType: 'LogAppendTime', retentionMs: -1, maxMessageBytes: INTERNAL_BATCH_BYTES_MAX },
}

/** Whose configuration the engine's guarantees rest on; the others may be configured as their readers like. */
const internalRoles: ReadonlySet<PhysicalTopic['role']> = new Set(['repartition', 'changelog'])

export function topicConfig(topic: PhysicalTopic): TopicConfig {
  return { ...defaultTopicConfig, ...roleConfig[topic.role], ...topic.config }
}

/** Creates what is missing and checks what is there. Returns descriptions by name. @throws StreamsError `topic_mismatch` that names the fix. */
export async function prepareTopics(
  admin: Admin,
  topics: readonly PhysicalTopic[],
): Promise<Map<string, TopicDescription>> {
  const specs = topics.map((topic) => ({ name: topic.name, partitions: topic.partitions, config: topicConfig(topic) }))
  const descriptions = await admin.createTopics(specs)
  descriptions.forEach((found, i) => {
    const topic = topics[i] as PhysicalTopic
    if (found.partitions !== topic.partitions) throw mismatch(topic, 'partitions', found.partitions, topic.partitions)
    if (!internalRoles.has(topic.role)) return
    const wanted = topicConfig(topic)
    for (const name of ['cleanupPolicy', 'timestampType'] as const)
      if (found.config[name] !== wanted[name]) throw mismatch(topic, name, found.config[name], wanted[name])
  })
  return new Map(descriptions.map((description) => [description.name, description]))
}

function mismatch(topic: PhysicalTopic, what: string, found: unknown, wanted: unknown): StreamsError {
  return new StreamsError(
    'topic_mismatch',
    `topic ${topic.name} has ${what} ${found}, but its definition says ${wanted}: change the definition, or recreate the topic and reset the application`,
  )
}
