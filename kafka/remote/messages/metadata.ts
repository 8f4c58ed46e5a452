// Metadata 12: the brokers, and of topics their ids, partitions and leaders.
import type { Message } from './message.ts'
import type { WireReader } from './wire-reader.ts'

export interface MetadataRequest {
  /** Undefined asks for all topics. */
  readonly topics: readonly string[] | undefined
}

export interface BrokerAddress {
  readonly nodeId: number
  readonly host: string
  readonly port: number
}

export interface PartitionMetadata {
  readonly errorCode: number
  readonly partition: number
  /** −1: there is none at the moment. */
  readonly leaderId: number
  readonly leaderEpoch: number
  /** Brokers that keep a copy. */
  readonly replicas: readonly number[]
}

export interface TopicMetadata {
  readonly errorCode: number
  readonly name: string
  readonly topicId: string
  readonly isInternal: boolean
  readonly partitions: readonly PartitionMetadata[]
}

export interface MetadataAnswer {
  readonly brokers: readonly BrokerAddress[]
  readonly topics: readonly TopicMetadata[]
}

export const metadata: Message<MetadataRequest, MetadataAnswer> = {
  name: 'Metadata',
  key: 3,
  version: 12,
  write({ topics }, out) {
    out.optionalArray(topics, (name) => {
      out.noUuid()
      out.text(name)
      out.noTags()
    })
    out.boolean(false) // create nothing
    out.boolean(false) // authorized operations are not wanted
    out.noTags()
  },
  read(answer) {
    answer.int32() // throttle time
    const brokers = answer.array(() => readBroker(answer))
    answer.optionalText() // cluster id
    answer.int32() // controller
    const topics = answer.array(() => readTopic(answer))
    answer.skipTags()
    return { brokers, topics }
  },
}

function readBroker(answer: WireReader): BrokerAddress {
  const nodeId = answer.int32()
  const host = answer.text()
  const port = answer.int32()
  answer.optionalText() // rack
  answer.skipTags()
  return { nodeId, host, port }
}

function readTopic(answer: WireReader): TopicMetadata {
  const errorCode = answer.int16()
  const name = answer.text()
  const topicId = answer.uuid()
  const isInternal = answer.boolean()
  const partitions = answer.array(() => readPartition(answer))
  answer.int32() // authorized operations
  answer.skipTags()
  return { errorCode, name, topicId, isInternal, partitions }
}

function readPartition(answer: WireReader): PartitionMetadata {
  const errorCode = answer.int16()
  const partition = answer.int32()
  const leaderId = answer.int32()
  const leaderEpoch = answer.int32()
  const replicas = answer.array(() => answer.int32())
  for (let list = 0; list < 2; list++) answer.array(() => answer.int32()) // in-sync ones, offline ones
  answer.skipTags()
  return { errorCode, partition, leaderId, leaderEpoch, replicas }
}
