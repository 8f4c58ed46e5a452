// TxnOffsetCommit 3 and 5: a group's positions as part of a transaction. From 5 on the broker adds the group to the transaction by itself.
import type { Position } from '../../cluster.ts'
import { type GroupMemberIdentity, writePosition } from './group-fields.ts'
import { type Message, type PartitionResult, readByTopic, readPartitionResult, writeByTopic } from './message.ts'
import type { ProducerIdentity } from './producer-identity.ts'

export interface TxnOffsetCommitRequest extends ProducerIdentity, GroupMemberIdentity {
  readonly positions: readonly Position[]
}

export type TxnOffsetCommitVersion = 3 | 5

export const txnOffsetCommit = (
  version: TxnOffsetCommitVersion,
): Message<TxnOffsetCommitRequest, readonly PartitionResult[]> => ({
  name: 'TxnOffsetCommit',
  key: 28,
  version,
  write(request, out) {
    out.text(request.transactionalId)
    out.text(request.groupId)
    out.int64(request.producerId)
    out.int16(request.producerEpoch)
    out.int32(request.generationId)
    out.text(request.memberId)
    out.optionalText(request.groupInstanceId)
    writeByTopic(out, request.positions, (position) => writePosition(out, position))
    out.noTags()
  },
  read(answer) {
    answer.int32() // throttle time
    const results = readByTopic(answer, (topic) => readPartitionResult(answer, topic))
    answer.skipTags()
    return results
  },
})
