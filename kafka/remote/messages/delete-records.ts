// DeleteRecords 2: moves the start of partitions up.
import type { TopicPartition } from '../../../core/topic-partition.ts'
import { type Message, type PartitionResult, readByTopic, writeByTopic } from './message.ts'

export interface DeleteRecordsRequest {
  readonly partitions: readonly (TopicPartition & { readonly before: number })[]
  readonly timeoutMs: number
}

export const deleteRecords: Message<DeleteRecordsRequest, readonly PartitionResult[]> = {
  name: 'DeleteRecords',
  key: 21,
  version: 2,
  write({ partitions, timeoutMs }, out) {
    writeByTopic(out, partitions, ({ partition, before }) => {
      out.int32(partition)
      out.int64(before)
      out.noTags()
    })
    out.int32(timeoutMs)
    out.noTags()
  },
  read(answer) {
    answer.int32() // throttle time
    const results = readByTopic(answer, (topic) => {
      const partition = answer.int32()
      answer.int64() // where it starts now
      const errorCode = answer.int16()
      answer.skipTags()
      return { topic, partition, errorCode }
    })
    answer.skipTags()
    return results
  },
}
