// Heartbeat 4: keeps a member's session, and tells it when the group changes.
import { type GroupMemberIdentity, writeMember } from './group-fields.ts'
import type { Message } from './message.ts'

export const heartbeat: Message<GroupMemberIdentity, { readonly errorCode: number }> = {
  name: 'Heartbeat',
  key: 12,
  version: 4,
  write(member, out) {
    writeMember(out, member)
    out.noTags()
  },
  read(answer) {
    answer.int32() // throttle time
    const errorCode = answer.int16()
    answer.skipTags()
    return { errorCode }
  },
}
