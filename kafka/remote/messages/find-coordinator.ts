// FindCoordinator 4: which broker coordinates a group or a transactional id.
import type { Message } from './message.ts'

export interface FindCoordinatorRequest {
  /** 0 a group, 1 a transactional id. */
  readonly keyType: 0 | 1
  readonly coordinatorKey: string
}

export interface FindCoordinatorAnswer {
  readonly errorCode: number
  readonly errorMessage: string | undefined
  readonly nodeId: number
  readonly host: string
  readonly port: number
}

export const findCoordinator: Message<FindCoordinatorRequest, readonly FindCoordinatorAnswer[]> = {
  name: 'FindCoordinator',
  key: 10,
  version: 4,
  write({ keyType, coordinatorKey }, out) {
    out.int8(keyType)
    out.array([coordinatorKey], (key) => out.text(key))
    out.noTags()
  },
  read(answer) {
    answer.int32() // throttle time
    const coordinators = answer.array(() => {
      answer.text() // the key asked for
      const nodeId = answer.int32()
      const host = answer.text()
      const port = answer.int32()
      const errorCode = answer.int16()
      const errorMessage = answer.optionalText()
      answer.skipTags()
      return { errorCode, errorMessage, nodeId, host, port }
    })
    answer.skipTags()
    return coordinators
  },
}
