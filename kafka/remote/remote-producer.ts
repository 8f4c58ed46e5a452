// One incarnation of a transactional producer on remote brokers. It never repairs: whatever goes wrong makes the outcome unknown and ends it.
import { assert } from '../../core/assert.ts'
import { ProducerFenced, Retriable, StreamsError } from '../../core/errors.ts'
import { type TopicPartition, topicPartitionName } from '../../core/topic-partition.ts'
import type { GroupMetadata, Position, ProducedBatch, TransactionalProducer } from '../cluster.ts'
import { type BatchCompression, compressBatch } from '../record-batch/compress.ts'
import { errorCode, requireAllWell } from './broker-errors.ts'
import type { Address, BrokerLinks } from './broker-links.ts'
import type { ClusterMap, Led } from './cluster-map.ts'
import type { Link } from './connection.ts'
import { exchange } from './exchange.ts'
import { type ProduceResult, produce } from './messages/produce.ts'
import type { ProducerIdentity } from './messages/producer-identity.ts'
import type { Persistence } from './persistence.ts'
import type { TransactionRequests } from './transaction-requests.ts'

export interface RemoteProducerParts {
  readonly transactions: TransactionRequests
  readonly links: BrokerLinks
  readonly map: ClusterMap
  readonly persistence: Persistence
  readonly compression: BatchCompression
  readonly requestTimeoutMs: number
}

type Stamped = TopicPartition & { readonly records: Buffer }

/** Kafka keeps the last five batches of a producer and partition to recognize repeated ones. */
const sendsInFlightMax = 4
const sequenceLimit = 2 ** 31
/** Of one request. Brokers close the connection of whoever sends more than `socket.request.max.bytes`, 100 MB by default. */
const requestBytesMax = 32 * 1024 * 1024
/** What a broker says of the records themselves. They would be the same in another incarnation. */
const refusals = new Set(['message_too_large', 'record_list_too_large', 'invalid_timestamp', 'invalid_record'])

export class RemoteProducer implements TransactionalProducer {
  private readonly parts: RemoteProducerParts
  private identity: ProducerIdentity
  private readonly sequences = new Map<string, number>()
  /** What the open transaction holds; empty means that there is none. */
  private readonly partitions = new Map<string, TopicPartition>()
  private readonly groups = new Set<string>()
  /** Sends go out in the order of their calls: the sequences depend on it. */
  private lastDispatch: Promise<unknown> = Promise.resolve()
  private readonly inFlight = new Set<Promise<unknown>>()
  private failure: ProducerFenced | undefined

  constructor(identity: ProducerIdentity, parts: RemoteProducerParts) {
    this.identity = identity
    this.parts = parts
  }

  get transactionalId(): string {
    return this.identity.transactionalId
  }

  get producerId(): number {
    return this.identity.producerId
  }

  send(batches: readonly ProducedBatch[]): Promise<number[]> {
    if (batches.length === 0) return Promise.resolve([])
    return this.orEnd(async () => {
      const turn = this.lastDispatch.then(() => this.dispatch(batches))
      this.lastDispatch = turn.catch(() => {})
      const results = (await Promise.all(await turn)).flat()
      return basesOf(batches, results)
    })
  }

  sendOffsets(group: GroupMetadata, positions: readonly Position[]): Promise<void> {
    return this.orEnd(async () => {
      const isNew = !this.groups.has(group.group)
      this.groups.add(group.group)
      await this.parts.transactions.commitOffsets(this.identity, group, positions, isNew)
    })
  }

  commit(): Promise<void> {
    return this.end(true)
  }

  abort(): Promise<void> {
    return this.end(false)
  }

  private end(committed: boolean): Promise<void> {
    return this.orEnd(async () => {
      await this.lastDispatch
      assert(this.inFlight.size === 0 || !committed, 'a commit waits for the acknowledgements of what it commits')
      // Kafka refuses to commit an empty transaction.
      if (this.partitions.size === 0 && this.groups.size === 0) return
      const next = await this.parts.transactions.end(this.identity, committed)
      this.partitions.clear()
      this.groups.clear()
      if (next === undefined) return
      // Under transaction version 2 each transaction has an epoch of its own, and its sequences begin at 0.
      assert(next.producerId >= 0 && next.producerEpoch >= 0, 'a producer goes on under a valid id')
      this.identity = { ...this.identity, ...next }
      this.sequences.clear()
    })
  }

  /** Stamps and writes the batches; their acknowledgements are on the way when this resolves. */
  private async dispatch(batches: readonly ProducedBatch[]): Promise<Promise<readonly ProduceResult[]>[]> {
    const { map, persistence, transactions } = this.parts
    while (this.inFlight.size >= sendsInFlightMax) await Promise.race(this.inFlight)
    if (this.failure !== undefined) throw this.failure
    requireDistinct(batches)
    const leaders = await persistence.repeat(async () => this.connected(await map.byLeader(batches)))
    const added = batches.filter((place) => !this.partitions.has(topicPartitionName(place)))
    for (const { topic, partition } of added)
      this.partitions.set(topicPartitionName({ topic, partition }), { topic, partition })
    if (added.length > 0) await transactions.addPartitions(this.identity, added)
    return leaders.flatMap(([link, led]) => requestsOf(led).map((batches) => this.track(this.produce(link, batches))))
  }

  /** Before anything is stamped: a leader that cannot be reached now costs a wait and no incarnation. */
  private connected(leaders: Map<Address, Led<ProducedBatch>[]>): Promise<[Link, Led<ProducedBatch>[]][]> {
    return Promise.all(
      [...leaders].map(async ([broker, led]): Promise<[Link, Led<ProducedBatch>[]]> => {
        try {
          return [await this.parts.links.to(broker), led]
        } catch (error) {
          this.parts.map.forget(led)
          throw error
        }
      }),
    )
  }

  private async produce(link: Link, batches: readonly Led<ProducedBatch>[]): Promise<readonly ProduceResult[]> {
    const { transactions, requestTimeoutMs, persistence } = this.parts
    const { transactionalId } = this.identity
    const message = produce(transactions.version.produce)
    let waiting = batches.map((batch) => this.stamp(batch))
    const done: ProduceResult[] = []
    // Under transaction version 2 the first batch begins the transaction. While the one before is still being completed, the leader refuses it unwritten.
    await persistence.repeat(async () => {
      const request = { transactionalId, timeoutMs: requestTimeoutMs, batches: waiting }
      const results = await exchange(link, message, request).catch(neverAgain)
      const early = results.filter((result) => result.errorCode === errorCode.concurrentTransactions)
      done.push(...results.filter((result) => !early.includes(result)))
      const names = new Set(early.map(topicPartitionName))
      waiting = waiting.filter((batch) => names.has(topicPartitionName(batch)))
      requireAllWell(early, message.name)
    })
    return done
  }

  private stamp({ topic, partition, records }: ProducedBatch): Stamped {
    const { producerId, producerEpoch: epoch } = this.identity
    const name = topicPartitionName({ topic, partition })
    const sequence = this.sequences.get(name) ?? 0
    this.sequences.set(name, (sequence + records.count) % sequenceLimit)
    const batch = records.finish({ producerId, epoch, sequence, isTransactional: true })
    return { topic, partition, records: compressBatch(batch, this.parts.compression) }
  }

  private track(request: Promise<readonly ProduceResult[]>): Promise<readonly ProduceResult[]> {
    const done = () => {
      this.inFlight.delete(settled)
    }
    const settled: Promise<void> = request.then(done, done)
    this.inFlight.add(settled)
    return request
  }

  /** Runs one call; its failure is the end of this producer. */
  private async orEnd<Result>(call: () => Promise<Result>): Promise<Result> {
    if (this.failure !== undefined) throw this.failure
    try {
      return await call()
    } catch (cause) {
      // A leader or coordinator may have moved: the next incarnation looks again.
      this.parts.map.forget([...this.partitions.values()])
      this.failure ??= fenced(cause, this.transactionalId)
      throw cause instanceof StreamsError && !refusals.has(cause.code) ? this.failure : cause
    }
  }
}

/** Whether a request whose answer was lost was carried out is unknown. */
function neverAgain(cause: unknown): never {
  if (!(cause instanceof Retriable)) throw cause
  throw new StreamsError(cause.code, cause.message, { cause })
}

/** The batches of one leader, as many at a time as a request may hold. */
function requestsOf(batches: readonly Led<ProducedBatch>[]): Led<ProducedBatch>[][] {
  const requests: Led<ProducedBatch>[][] = []
  let bytes = Number.POSITIVE_INFINITY
  for (const batch of batches) {
    bytes += batch.records.byteLength
    if (bytes > requestBytesMax) {
      requests.push([])
      bytes = batch.records.byteLength
    }
    requests.at(-1)?.push(batch)
  }
  return requests
}

function requireDistinct(batches: readonly ProducedBatch[]): void {
  const names = new Set(batches.map(topicPartitionName))
  assert(names.size === batches.length, 'one batch a partition and call')
}

/** Every batch must be acknowledged, and without an error. */
function basesOf(batches: readonly ProducedBatch[], results: readonly ProduceResult[]): number[] {
  requireAllWell(results, 'Produce')
  const bases = new Map(results.map((result) => [topicPartitionName(result), result.baseOffset]))
  return batches.map((batch) => {
    const base = bases.get(topicPartitionName(batch))
    if (base !== undefined) return base
    throw new StreamsError('protocol_error', 'a batch was not acknowledged', { topicPartition: batch })
  })
}

function fenced(cause: unknown, transactionalId: string): ProducerFenced {
  const { code, message } = cause instanceof StreamsError ? cause : { code: 'outcome_unknown', message: String(cause) }
  return new ProducerFenced(code, `${transactionalId} has ended: ${message}`, { cause })
}
