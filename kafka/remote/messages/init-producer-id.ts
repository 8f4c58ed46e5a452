// InitProducerId 4: a producer id and epoch for a transactional id; whoever had it before is fenced.
import type { Message } from './message.ts'

export interface InitProducerIdRequest {
  readonly transactionalId: string
  readonly transactionTimeoutMs: number
}

export interface InitProducerIdAnswer {
  readonly errorCode: number
  readonly producerId: number
  readonly producerEpoch: number
}

export const initProducerId: Message<InitProducerIdRequest, InitProducerIdAnswer> = {
  name: 'InitProducerId',
  key: 22,
  version: 4,
  write({ transactionalId, transactionTimeoutMs }, out) {
    out.text(transactionalId)
    out.int32(transactionTimeoutMs)
    out.int64(-1) // whatever id it had
    out.int16(-1)
    out.noTags()
  },
  read(answer) {
    answer.int32() // throttle time
    const errorCode = answer.int16()
    const producerId = answer.int64()
    const producerEpoch = answer.int16()
    answer.skipTags()
    return { errorCode, producerId, producerEpoch }
  },
}
