// AddPartitionsToTxn 3: tells the coordinator which partitions a transaction writes to; not needed under transaction version 2.
import type { TopicPartition } from '../../../core/topic-partition.ts'
import { type Message, type PartitionResult, readByTopic, readPartitionResult, writeByTopic } from './message.ts'
import { type ProducerIdentity, writeProducer } from './producer-identity.ts'

export interface AddPartitionsToTxnRequest extends ProducerIdentity {
  readonly partitions: readonly TopicPartition[]
}

export const addPartitionsToTxn: Message<AddPartitionsToTxnRequest, readonly PartitionResult[]> = {
  name: 'AddPartitionsToTxn',
  key: 24,
  version: 3,
  write({ partitions, ...producer }, out) {
    writeProducer(out, producer)
    writeByTopic(out, partitions, ({ partition }) => out.int32(partition))
    out.noTags()
  },
  read(answer) {
    answer.int32() // throttle time
    const results = readByTopic(answer, (topic) => readPartitionResult(answer, topic))
    answer.skipTags()
    return results
  },
}
