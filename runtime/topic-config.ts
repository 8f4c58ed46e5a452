// How each topic is configured, by its role (exactly-once.md §1).
import { days, seconds } from '../core/duration.ts'
import { defaultTopicConfig, type TopicConfig } from '../kafka/cluster.ts'
import type { PhysicalTopic } from '../topology/graph.ts'
import { INTERNAL_RECORD_BYTES_MAX } from './output-buffers.ts'

/** Record timestamps of outputs are event times: history would begin a segment with each week that it jumps over. */
const OUTPUT_SEGMENT_MS = days(36_500)

/** Of an output that is compacted: a reader that was away for as long as it likes still learns what was deleted. */
const OUTPUT_DELETE_RETENTION_MS = days(36_500)

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
    cleanupPolicy: 'delete',
    retentionMs: -1,
    segmentMs: OUTPUT_SEGMENT_MS,
    deleteRetentionMs: OUTPUT_DELETE_RETENTION_MS,
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
