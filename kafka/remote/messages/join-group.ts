// JoinGroup 7: enters a group's next generation; answered when all members have joined or time is up.
import type { Message } from './message.ts'

export interface JoinGroupRequest {
  readonly groupId: string
  readonly sessionTimeoutMs: number
  readonly rebalanceTimeoutMs: number
  readonly memberId: string
  readonly groupInstanceId: string | undefined
  readonly protocol: string
  readonly metadata: Buffer
}

export interface JoinGroupAnswer {
  readonly errorCode: number
  readonly generationId: number
  readonly leader: string
  readonly memberId: string
  readonly members: readonly {
    readonly memberId: string
    readonly groupInstanceId: string | undefined
    readonly metadata: Buffer
  }[]
}

/** Kafka's word for groups that read topics. */
const protocolType = 'consumer'

export const joinGroup: Message<JoinGroupRequest, JoinGroupAnswer> = {
  name: 'JoinGroup',
  key: 11,
  version: 7,
  write(request, out) {
    out.text(request.groupId)
    out.int32(request.sessionTimeoutMs)
    out.int32(request.rebalanceTimeoutMs)
    out.text(request.memberId)
    out.optionalText(request.groupInstanceId)
    out.text(protocolType)
    out.array([request.protocol], (protocol) => {
      out.text(protocol)
      out.bytes(request.metadata)
      out.noTags()
    })
    out.noTags()
  },
  read(answer) {
    answer.int32() // throttle time
    const errorCode = answer.int16()
    const generationId = answer.int32()
    answer.optionalText() // protocol type
    answer.optionalText() // protocol
    const leader = answer.text()
    const memberId = answer.text()
    const members = answer.array(() => {
      const member = {
        memberId: answer.text(),
        groupInstanceId: answer.optionalText(),
        metadata: Buffer.from(answer.bytes()),
      }
      answer.skipTags()
      return member
    })
    answer.skipTags()
    return { errorCode, generationId, leader, memberId, members }
  },
}
