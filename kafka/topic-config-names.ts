// Kafka's names of what can be configured for a topic: on the wire, and in the commands that people type.
import type { TopicConfig } from './cluster.ts'

export const topicConfigNames: Readonly<Record<keyof TopicConfig, string>> = {
  cleanupPolicy: 'cleanup.policy',
  timestampType: 'message.timestamp.type',
  retentionMs: 'retention.ms',
  retentionBytes: 'retention.bytes',
  segmentBytes: 'segment.bytes',
  segmentMs: 'segment.ms',
  deleteRetentionMs: 'delete.retention.ms',
  minCompactionLagMs: 'min.compaction.lag.ms',
  maxMessageBytes: 'max.message.bytes',
}

export const topicConfigFields = Object.keys(topicConfigNames).filter(
  (field): field is keyof TopicConfig => field in topicConfigNames,
)
