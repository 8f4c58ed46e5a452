// SyncGroup 4: the leader hands in the assignments, everybody gets its own.
import { type GroupMemberIdentity, writeMember } from './group-fields.ts'
import type { Message } from './message.ts'

export interface SyncGroupRequest extends GroupMemberIdentity {
  readonly assignments: readonly { readonly memberId: string; readonly assignment: Buffer }[]
}

export interface SyncGroupAnswer {
  readonly errorCode: number
  readonly assignment: Buffer
}

export const syncGroup: Message<SyncGroupRequest, SyncGroupAnswer> = {
  name: 'SyncGroup',
  key: 14,
  version: 4,
  write({ assignments, ...member }, out) {
    writeMember(out, member)
    out.array(assignments, ({ memberId, assignment }) => {
      out.text(memberId)
      out.bytes(assignment)
      out.noTags()
    })
    out.noTags()
  },
  read(answer) {
    answer.int32() // throttle time
    const errorCode = answer.int16()
    const assignment = Buffer.from(answer.bytes())
    answer.skipTags()
    return { errorCode, assignment }
  },
}
