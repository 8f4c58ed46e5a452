// AddOffsetsToTxn 3: tells the coordinator that a transaction moves a group's positions; not needed under transaction version 2.
import type { Message } from './message.ts'
import { type ProducerIdentity, writeProducer } from './producer-identity.ts'

export interface AddOffsetsToTxnRequest extends ProducerIdentity {
  readonly groupId: string
}

export const addOffsetsToTxn: Message<AddOffsetsToTxnRequest, { readonly errorCode: number }> = {
  name: 'AddOffsetsToTxn',
  key: 25,
  version: 3,
  write({ groupId, ...producer }, out) {
    writeProducer(out, producer)
    out.text(groupId)
    out.noTags()
  },
  read(answer) {
    answer.int32() // throttle time
    const errorCode = answer.int16()
    answer.skipTags()
    return { errorCode }
  },
}
