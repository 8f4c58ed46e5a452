// ListOffsets 7: the start, the end and, for read-committed readers, the last stable offset of partitions.
import type { TopicPartition } from '../../../core/topic-partition.ts'
import { type Message, type PartitionResult, readByTopic, writeByTopic } from './message.ts'

/** Kafka's names for the ends of a log, in place of a timestamp. */
export const latestTimestamp = -1
export const earliestTimestamp = -2

export interface ListOffsetsRequest {
  /** 1 makes the latest offset the last stable one. */
  readonly isolationLevel: 0 | 1
  readonly timestamp: number
  readonly partitions: readonly (TopicPartition & { readonly leaderEpoch: number })[]
}

export interface ListedOffset extends PartitionResult {
  readonly offset: number
}

export const listOffsets: Message<ListOffsetsRequest, readonly ListedOffset[]> = {
  name: 'ListOffsets',
  key: 2,
  version: 7,
  write({ isolationLevel, timestamp, partitions }, out) {
    out.int32(-1) // we are no replica
    out.int8(isolationLevel)
    writeByTopic(out, partitions, ({ partition, leaderEpoch }) => {
      out.int32(partition)
      out.int32(leaderEpoch)
      out.int64(timestamp)
      out.noTags()
    })
    out.noTags()
  },
  read(answer) {
    answer.int32() // throttle time
    const offsets = readByTopic(answer, (topic) => {
      const partition = answer.int32()
      const errorCode = answer.int16()
      answer.int64() // timestamp
      const offset = answer.int64()
      answer.int32() // leader epoch
      answer.skipTags()
      return { topic, partition, errorCode, offset }
    })
    answer.skipTags()
    return offsets
  },
}
