// OffsetFetch 8: a group's committed positions, refused while a transaction may still move them.
import type { TopicPartition } from '../../../core/topic-partition.ts'
import { type Message, type PartitionResult, readByTopic, writeByTopic } from './message.ts'

export interface OffsetFetchRequest {
  readonly groupId: string
  readonly partitions: readonly TopicPartition[]
}

export interface OffsetFetchAnswer {
  readonly errorCode: number
  readonly partitions: readonly FetchedOffset[]
}

export interface FetchedOffset extends PartitionResult {
  /** −1: nothing is committed. */
  readonly committedOffset: number
}

export const offsetFetch: Message<OffsetFetchRequest, readonly OffsetFetchAnswer[]> = {
  name: 'OffsetFetch',
  key: 9,
  version: 8,
  write({ groupId, partitions }, out) {
    out.array([groupId], (group) => {
      out.text(group)
      writeByTopic(out, partitions, ({ partition }) => out.int32(partition))
      out.noTags()
    })
    out.boolean(true) // stable ones only
    out.noTags()
  },
  read(answer) {
    answer.int32() // throttle time
    const groups = answer.array(() => {
      answer.text() // the group asked for
      const partitions = readByTopic(answer, (topic) => {
        const partition = answer.int32()
        const committedOffset = answer.int64()
        answer.int32() // leader epoch
        answer.optionalText() // metadata
        const errorCode = answer.int16()
        answer.skipTags()
        return { topic, partition, errorCode, committedOffset }
      })
      const errorCode = answer.int16()
      answer.skipTags()
      return { errorCode, partitions }
    })
    answer.skipTags()
    return groups
  },
}
