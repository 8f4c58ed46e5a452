// Fetch 12: record batches from explicit offsets, by topic name, outside any fetch session.
import type { TopicPartition } from '../../../core/topic-partition.ts'
import type { AbortedTransaction } from '../../cluster.ts'
import { type Message, readByTopic, writeByTopic } from './message.ts'
import type { WireReader } from './wire-reader.ts'

export interface FetchRequest {
  readonly maxWaitMs: number
  readonly minBytes: number
  readonly maxBytes: number
  /** 0 read_uncommitted, 1 read_committed. */
  readonly isolationLevel: 0 | 1
  readonly partitionMaxBytes: number
  readonly partitions: readonly (TopicPartition & { readonly offset: number; readonly leaderEpoch: number })[]
}

export interface FetchAnswer {
  readonly errorCode: number
  readonly partitions: readonly FetchResult[]
}

export interface FetchResult extends TopicPartition {
  readonly errorCode: number
  readonly highWatermark: number
  readonly lastStableOffset: number
  readonly logStartOffset: number
  readonly aborted: readonly AbortedTransaction[]
  /** The last batch may be cut off. */
  readonly records: Buffer
}

export const fetch: Message<FetchRequest, FetchAnswer> = {
  name: 'Fetch',
  key: 1,
  version: 12,
  write({ maxWaitMs, minBytes, maxBytes, isolationLevel, partitionMaxBytes, partitions }, out) {
    out.int32(-1) // we are no replica
    out.int32(maxWaitMs)
    out.int32(minBytes)
    out.int32(maxBytes)
    out.int8(isolationLevel)
    out.int32(0) // no session
    out.int32(-1)
    writeByTopic(out, partitions, ({ partition, offset, leaderEpoch }) => {
      out.int32(partition)
      out.int32(leaderEpoch)
      out.int64(offset)
      out.int32(-1) // last fetched epoch
      out.int64(-1) // log start offset of a replica
      out.int32(partitionMaxBytes)
      out.noTags()
    })
    out.array([], () => {}) // nothing leaves a session
    out.text('') // rack
    out.noTags()
  },
  read(answer) {
    answer.int32() // throttle time
    const errorCode = answer.int16()
    answer.int32() // session id
    const partitions = readByTopic(answer, (topic) => readPartition(answer, topic))
    answer.skipTags()
    return { errorCode, partitions }
  },
}

function readPartition(answer: WireReader, topic: string): FetchResult {
  const partition = answer.int32()
  const errorCode = answer.int16()
  const highWatermark = answer.int64()
  const lastStableOffset = answer.int64()
  const logStartOffset = answer.int64()
  const aborted = answer.array(() => {
    const transaction = { producerId: answer.int64(), firstOffset: answer.int64() }
    answer.skipTags()
    return transaction
  })
  answer.int32() // preferred read replica
  const records = answer.bytes()
  answer.skipTags()
  return { topic, partition, errorCode, highWatermark, lastStableOffset, logStartOffset, aborted, records }
}
