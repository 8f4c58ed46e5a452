// Produce 9 and 12: one record batch per partition, acknowledged by all in-sync replicas. From 12 on the broker adds partitions to the transaction by itself.
import type { TopicPartition } from '../../../core/topic-partition.ts'
import { type Message, type PartitionResult, readByTopic, writeByTopic } from './message.ts'

export interface ProduceRequest {
  readonly transactionalId: string
  readonly timeoutMs: number
  readonly batches: readonly (TopicPartition & { readonly records: Buffer })[]
}

export interface ProduceResult extends PartitionResult {
  readonly baseOffset: number
  readonly errorMessage: string | undefined
}

export type ProduceVersion = 9 | 12

export const produce = (version: ProduceVersion): Message<ProduceRequest, readonly ProduceResult[]> => ({
  name: 'Produce',
  key: 0,
  version,
  write({ transactionalId, timeoutMs, batches }, out) {
    out.text(transactionalId)
    out.int16(-1) // acks of all in-sync replicas
    out.int32(timeoutMs)
    writeByTopic(out, batches, ({ partition, records }) => {
      out.int32(partition)
      out.records(records)
      out.noTags()
    })
    out.noTags()
  },
  read(answer) {
    const results = readByTopic(answer, (topic) => {
      const partition = answer.int32()
      const errorCode = answer.int16()
      const baseOffset = answer.int64()
      answer.int64() // log append time
      answer.int64() // log start offset
      answer.array(() => {
        answer.int32() // index of a refused record
        answer.optionalText()
        answer.skipTags()
      })
      const errorMessage = answer.optionalText()
      answer.skipTags()
      return { topic, partition, errorCode, baseOffset, errorMessage }
    })
    answer.int32() // throttle time
    answer.skipTags()
    return results
  },
})
