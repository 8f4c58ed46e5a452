// EndTxn 3 and 5: commits or aborts. From 5 on each transaction ends with a new epoch, told in the answer.
import type { Message } from './message.ts'
import { type ProducerIdentity, writeProducer } from './producer-identity.ts'

export interface EndTxnRequest extends ProducerIdentity {
  readonly committed: boolean
}

export interface EndTxnAnswer {
  readonly errorCode: number
  /** Of version 5 and without an error only: what the producer is from now on. */
  readonly next: { readonly producerId: number; readonly producerEpoch: number } | undefined
}

export type EndTxnVersion = 3 | 5

export const endTxn = (version: EndTxnVersion): Message<EndTxnRequest, EndTxnAnswer> => ({
  name: 'EndTxn',
  key: 26,
  version,
  write({ committed, ...producer }, out) {
    writeProducer(out, producer)
    out.boolean(committed)
    out.noTags()
  },
  read(answer) {
    answer.int32() // throttle time
    const errorCode = answer.int16()
    const next = version === 5 ? { producerId: answer.int64(), producerEpoch: answer.int16() } : undefined
    answer.skipTags()
    // With an error the broker sends −1 for both: a batch stamped with that would be visible as committed.
    return { errorCode, next: errorCode === 0 ? next : undefined }
  },
})
