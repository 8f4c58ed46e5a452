// SyncGroup 5: the leader hands in the assignments, everybody gets its own.
import { type GroupMemberIdentity, writeMember } from './group-fields.ts'
import { protocolType } from './join-group.ts'
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
  version: 5,
  write({ assignments, ...member }, out) {
    writeMember(out, member)
    out.text(protocolType)
    out.optionalText(undefined) // whatever protocol the generation has
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
    answer.optionalText() // protocol type
    answer.optionalText() // protocol
    const assignment = Buffer.from(answer.bytes())
    answer.skipTags()
    return { errorCode, assignment }
  },
}
