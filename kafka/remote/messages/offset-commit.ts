// OffsetCommit 8: a group's positions outside any transaction.
import type { Position } from '../../cluster.ts'
import { type GroupMemberIdentity, writeMember, writePosition } from './group-fields.ts'
import { type Message, type PartitionResult, readByTopic, readPartitionResult, writeByTopic } from './message.ts'

export interface OffsetCommitRequest extends GroupMemberIdentity {
  readonly positions: readonly Position[]
}

export const offsetCommit: Message<OffsetCommitRequest, readonly PartitionResult[]> = {
  name: 'OffsetCommit',
  key: 8,
  version: 8,
  write({ positions, ...member }, out) {
    writeMember(out, member)
    writeByTopic(out, positions, (position) => writePosition(out, position))
    out.noTags()
  },
  read(answer) {
    answer.int32() // throttle time
    const results = readByTopic(answer, (topic) => readPartitionResult(answer, topic))
    answer.skipTags()
    return results
  },
}
