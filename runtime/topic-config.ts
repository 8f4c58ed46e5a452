// How each topic is configured, by its role (exactly-once.md §1).
import { days, seconds } from '../core/duration.ts'
import { defaultTopicConfig, type TopicConfig } from '../kafka/cluster.ts'
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

export function topicConfig(topic: PhysicalTopic): TopicConfig {
  return { ...defaultTopicConfig, ...roleConfig[topic.role], ...topic.config }
}
