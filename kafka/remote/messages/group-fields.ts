// Fields that several requests about groups share: who a member is, and one committed position.
import type { Position } from '../../cluster.ts'
import type { WireWriter } from './wire-writer.ts'

export interface GroupMemberIdentity {
  readonly groupId: string
  readonly generationId: number
  readonly memberId: string
  readonly groupInstanceId: string | undefined
}

/** In the order in which SyncGroup, Heartbeat and OffsetCommit want it. */
export function writeMember(out: WireWriter, member: GroupMemberIdentity): void {
  out.text(member.groupId)
  out.int32(member.generationId)
  out.text(member.memberId)
  out.optionalText(member.groupInstanceId)
}

export function writePosition(out: WireWriter, { partition, offset }: Position): void {
  out.int32(partition)
  out.int64(offset)
  out.int32(-1) // leader epoch
  out.text('') // metadata
  out.noTags()
}
