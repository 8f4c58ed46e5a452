// LeaveGroup 4: ends a membership at once, a static one too.
import type { Message } from './message.ts'

export interface LeaveGroupRequest {
  readonly groupId: string
  readonly memberId: string
  readonly groupInstanceId: string | undefined
}

export interface LeaveGroupAnswer {
  readonly errorCode: number
  readonly members: readonly { readonly memberId: string; readonly errorCode: number }[]
}

export const leaveGroup: Message<LeaveGroupRequest, LeaveGroupAnswer> = {
  name: 'LeaveGroup',
  key: 13,
  version: 4,
  write({ groupId, memberId, groupInstanceId }, out) {
    out.text(groupId)
    out.array([memberId], (member) => {
      out.text(member)
      out.optionalText(groupInstanceId)
      out.noTags()
    })
    out.noTags()
  },
  read(answer) {
    answer.int32() // throttle time
    const errorCode = answer.int16()
    const members = answer.array(() => {
      const memberId = answer.text()
      answer.optionalText() // instance id
      const member = { memberId, errorCode: answer.int16() }
      answer.skipTags()
      return member
    })
    answer.skipTags()
    return { errorCode, members }
  },
}
