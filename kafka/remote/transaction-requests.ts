// The requests of a transaction to its coordinators, in whichever transaction version the cluster speaks.
import { StreamsError } from '../../core/errors.ts'
import type { TopicPartition } from '../../core/topic-partition.ts'
import type { GroupMetadata, Position, ProducerOptions } from '../cluster.ts'
import { brokerError, errorCode, requireAllWell } from './broker-errors.ts'
import { type Asker, type Coordinators, coordinatorOf } from './coordinators.ts'
import { addOffsetsToTxn } from './messages/add-offsets-to-txn.ts'
import { addPartitionsToTxn } from './messages/add-partitions-to-txn.ts'
import { type EndTxnAnswer, endTxn } from './messages/end-txn.ts'
import { initProducerId } from './messages/init-producer-id.ts'
import type { Message, PartitionResult } from './messages/message.ts'
import type { ProducerIdentity } from './messages/producer-identity.ts'
import { txnOffsetCommit } from './messages/txn-offset-commit.ts'
import type { TransactionVersion } from './transaction-version.ts'

export class TransactionRequests {
  readonly version: TransactionVersion
  private readonly coordinators: Coordinators
  private readonly links: Asker

  constructor(version: TransactionVersion, coordinators: Coordinators, links: Asker) {
    this.version = version
    this.coordinators = coordinators
    this.links = links
  }

  /** May be sent any number of times: each one fences those before. @throws Retriable when no coordinator answers in time. */
  async init(options: ProducerOptions): Promise<ProducerIdentity> {
    const { transactionalId } = options
    const answer = await this.coordinators.ask({
      keyType: coordinatorOf.transaction,
      key: transactionalId,
      message: initProducerId,
      request: options,
      errorOf: codeOf,
      repeatOn: [errorCode.concurrentTransactions],
      isRepeatable: true,
      over: this.links,
    })
    requireWell(answer, initProducerId.name)
    const { producerId, producerEpoch } = answer
    if (producerId < 0) throw new StreamsError('protocol_error', 'a broker gave us a negative producer id')
    return { transactionalId, producerId, producerEpoch }
  }

  /** Version 1 only: tells the coordinator what the transaction writes to. */
  async addPartitions(producer: ProducerIdentity, partitions: readonly TopicPartition[]): Promise<void> {
    if (this.version.addsImplicitly) return
    const request = { ...producer, partitions }
    requireAllWell(await this.ask(producer, addPartitionsToTxn, request, firstError), addPartitionsToTxn.name)
  }

  /** `isNew`: the transaction has not moved positions of this group before. */
  async commitOffsets(
    producer: ProducerIdentity,
    { group, generation, memberId, instanceId }: GroupMetadata,
    positions: readonly Position[],
    isNew: boolean,
  ): Promise<void> {
    if (isNew && !this.version.addsImplicitly)
      requireWell(
        await this.ask(producer, addOffsetsToTxn, { ...producer, groupId: group }, codeOf),
        addOffsetsToTxn.name,
      )
    const results = await this.coordinators.ask({
      keyType: coordinatorOf.group,
      key: group,
      message: txnOffsetCommit(this.version.txnOffsetCommit),
      request: {
        ...producer,
        groupId: group,
        generationId: generation,
        memberId,
        groupInstanceId: instanceId,
        positions,
      },
      errorOf: firstError,
      repeatOn: [errorCode.concurrentTransactions],
      isRepeatable: false,
      over: this.links,
    })
    requireAllWell(results, 'TxnOffsetCommit')
  }

  /** Commits or aborts. Returns what the producer is from now on, if it changes. */
  async end(producer: ProducerIdentity, committed: boolean): Promise<EndTxnAnswer['next']> {
    const answer = await this.ask(producer, endTxn(this.version.endTxn), { ...producer, committed }, codeOf)
    requireWell(answer, 'EndTxn')
    return answer.next
  }

  private ask<Request, Answer>(
    { transactionalId }: ProducerIdentity,
    message: Message<Request, Answer>,
    request: Request,
    errorOf: (answer: Answer) => number,
  ): Promise<Answer> {
    return this.coordinators.ask({
      keyType: coordinatorOf.transaction,
      key: transactionalId,
      message,
      request,
      errorOf,
      repeatOn: [errorCode.concurrentTransactions],
      isRepeatable: false,
      over: this.links,
    })
  }
}

const codeOf = (answer: { readonly errorCode: number }) => answer.errorCode

const firstError = (results: readonly PartitionResult[]) =>
  results.find((result) => result.errorCode !== errorCode.none)?.errorCode ?? errorCode.none

function requireWell(answer: { readonly errorCode: number }, api: string): void {
  if (answer.errorCode !== errorCode.none) throw brokerError(answer.errorCode, api)
}
