// The brokers that coordinate groups and transactions: found, remembered, found again when they have moved.
import { assert } from '../../core/assert.ts'
import { StreamsError } from '../../core/errors.ts'
import { brokerError, errorCode } from './broker-errors.ts'
import type { Address } from './broker-links.ts'
import type { ClusterMap } from './cluster-map.ts'
import { findCoordinator } from './messages/find-coordinator.ts'
import type { Message } from './messages/message.ts'
import type { Persistence } from './persistence.ts'

/** The numbers are those of the protocol. */
export const coordinatorOf = { group: 0, transaction: 1 } as const
type KeyType = (typeof coordinatorOf)[keyof typeof coordinatorOf]

export interface Coordinated<Request, Answer> {
  readonly keyType: KeyType
  readonly key: string
  readonly message: Message<Request, Answer>
  readonly request: Request
  /** The answer's error, or the first of its partitions' errors. */
  readonly errorOf: (answer: Answer) => number
  /** Which errors are worth asking again, beside those of a coordinator that moves or loads. */
  readonly repeatOn?: readonly number[]
  /** Whether the request may be sent again when its answer was lost. */
  readonly isRepeatable: boolean
  /** The caller's connections. */
  readonly over: Asker
  /** For requests that wait at the coordinator. */
  readonly timeoutMs?: number
}

export interface Asker {
  ask<Request, Answer>(
    broker: Address,
    message: Message<Request, Answer>,
    request: Request,
    timeoutMs?: number,
  ): Promise<Answer>
}

const moving: readonly number[] = [14, 15, errorCode.notCoordinator]

export class Coordinators {
  private readonly map: ClusterMap
  /** For the question who coordinates what. */
  private readonly links: Asker
  private readonly persistence: Persistence
  private readonly known = new Map<string, Address>()

  constructor(map: ClusterMap, links: Asker, persistence: Persistence) {
    this.map = map
    this.links = links
    this.persistence = persistence
  }

  /**
   * Asks the coordinator, again while it moves, loads or answers one of `repeatOn`. Other errors are left to the caller.
   * @throws Retriable when the time for that is over; `outcome_unknown` when an answer was lost that may not be asked for twice.
   */
  ask<Request, Answer>(question: Coordinated<Request, Answer>): Promise<Answer> {
    const { keyType, key, message, errorOf, repeatOn = [] } = question
    return this.persistence.repeat(async () => {
      const broker = await this.find(keyType, key)
      const answer = await this.send(broker, question)
      const code = errorOf(answer)
      if (moving.includes(code)) this.forget(keyType, key)
      if (moving.includes(code) || repeatOn.includes(code)) throw brokerError(code, message.name)
      return answer
    })
  }

  private async send<Request, Answer>(broker: Address, question: Coordinated<Request, Answer>): Promise<Answer> {
    const { message, request, keyType, key, isRepeatable, over, timeoutMs } = question
    try {
      return await over.ask(broker, message, request, timeoutMs)
    } catch (error) {
      this.forget(keyType, key)
      const wasSent = !(error instanceof StreamsError && error.code === 'broker_unreachable')
      if (isRepeatable || !wasSent) throw error
      throw new StreamsError('outcome_unknown', `the answer to ${message.name} was lost`, { cause: error })
    }
  }

  private async find(keyType: KeyType, key: string): Promise<Address> {
    const known = this.known.get(`${keyType} ${key}`)
    if (known !== undefined) return known
    const request = { keyType, coordinatorKey: key }
    const [found] = await this.map.askAny((broker) => this.links.ask(broker, findCoordinator, request))
    assert(found !== undefined, 'one coordinator was asked for')
    if (found.errorCode !== errorCode.none) throw brokerError(found.errorCode, findCoordinator.name)
    const address = this.map.addressOf(found.nodeId) ?? { host: found.host, port: found.port }
    this.known.set(`${keyType} ${key}`, address)
    return address
  }

  private forget(keyType: KeyType, key: string): void {
    this.known.delete(`${keyType} ${key}`)
  }
}
