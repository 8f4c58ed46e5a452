// One Fetch to one broker: what it asked, its answer in the port's words, and where the next one would go on.
import { OffsetOutOfRange } from '../../core/errors.ts'
import type { FetchedPartition, FetchOptions, Position } from '../cluster.ts'
import { batchLastOffset, wholeBatchBytes } from '../record-batch/batch-header.ts'
import { brokerError, errorCode } from './broker-errors.ts'
import type { Address, BrokerLinks } from './broker-links.ts'
import type { Led } from './cluster-map.ts'
import { type FetchAnswer, type FetchRequest, type FetchResult, fetch } from './messages/fetch.ts'

export interface FetchLimits extends Pick<FetchOptions, 'isolation' | 'maxBytes' | 'maxBytesPerPartition'> {
  readonly maxWaitMs: number
  readonly minBytes: number
  readonly requestTimeoutMs: number
}

/** To wait for no longer than this is cheaper than a new connection. */
const patienceMs = 20

export class FetchPoll {
  readonly broker: Address
  readonly answer: Promise<readonly FetchedPartition[]>
  private readonly positions: readonly Led<Position>[]
  private readonly limits: FetchLimits
  private isAnswered = false

  constructor(links: BrokerLinks, broker: Address, positions: readonly Led<Position>[], limits: FetchLimits) {
    this.broker = broker
    this.positions = positions
    this.limits = limits
    this.answer = this.send(links)
    // Nobody may be waiting any more when it fails; whoever waits sees the failure all the same.
    this.answer.catch(() => {})
  }

  /** Whether this poll asks just what somebody wants to know now. */
  matches(positions: readonly Position[], isolation: FetchOptions['isolation']): boolean {
    if (isolation !== this.limits.isolation || positions.length !== this.positions.length) return false
    const asked = new Map(this.positions.map((position) => [keyOf(position), position.offset]))
    return positions.every((position) => asked.get(keyOf(position)) === position.offset)
  }

  /** Nobody wants the answer any more: what is asked next on this connection must not wait for it. */
  giveUp(links: BrokerLinks): void {
    if (!this.isAnswered && this.limits.maxWaitMs > patienceMs) links.drop(this.broker)
  }

  /** The poll that goes on behind `fetched`, which is this one's answer; undefined where the log ends there. */
  next(links: BrokerLinks, fetched: readonly FetchedPartition[]): FetchPoll | undefined {
    const { isolation } = this.limits
    const nexts = new Map(fetched.map((partition) => [keyOf(partition), nextOffset(partition.batches)]))
    const hasMore = fetched.some((partition) => {
      const end = isolation === 'read_committed' ? partition.lastStableOffset : partition.highWatermark
      return (nexts.get(keyOf(partition)) ?? end) < end
    })
    if (!hasMore) return undefined
    const behind = this.positions.map((position) => ({
      ...position,
      offset: nexts.get(keyOf(position)) ?? position.offset,
    }))
    // What was read last comes last: no partition starves behind a busy one.
    const unread = behind.filter((position) => !nexts.has(keyOf(position)))
    const read = behind.filter((position) => nexts.has(keyOf(position)))
    return new FetchPoll(links, this.broker, [...unread, ...read], { ...this.limits, maxWaitMs: 0 })
  }

  private async send(links: BrokerLinks): Promise<readonly FetchedPartition[]> {
    const { maxWaitMs, requestTimeoutMs } = this.limits
    const answer = await links.ask(this.broker, fetch, this.request(), maxWaitMs + requestTimeoutMs)
    this.isAnswered = true
    return this.fetchedOf(answer)
  }

  private request(): FetchRequest {
    const { maxWaitMs, minBytes, maxBytes, maxBytesPerPartition, isolation } = this.limits
    return {
      maxWaitMs,
      minBytes,
      maxBytes,
      isolationLevel: isolation === 'read_committed' ? 1 : 0,
      partitionMaxBytes: maxBytesPerPartition,
      partitions: this.positions,
    }
  }

  private fetchedOf(answer: FetchAnswer): FetchedPartition[] {
    if (answer.errorCode !== errorCode.none) throw brokerError(answer.errorCode, fetch.name)
    for (const partition of answer.partitions) this.requireWell(partition)
    return answer.partitions
      .map(({ records, ...partition }) => ({ ...partition, batches: records.subarray(0, wholeBytes(records)) }))
      .filter(({ batches }) => batches.length > 0)
  }

  private requireWell(result: FetchResult): void {
    if (result.errorCode === errorCode.none) return
    const topicPartition = { topic: result.topic, partition: result.partition }
    const offset = this.positions.find((position) => keyOf(position) === keyOf(result))?.offset ?? -1
    if (result.errorCode !== errorCode.offsetOutOfRange)
      throw brokerError(result.errorCode, fetch.name, { topicPartition, offset })
    throw new OffsetOutOfRange(
      'offset_out_of_range',
      'the log does not hold this offset: it was deleted before it was read, or the topic was made anew or cut off',
      { topicPartition, offset },
    )
  }
}

const keyOf = ({ topic, partition }: { topic: string; partition: number }) => `${topic} ${partition}`

/** A fetch may stop amid a batch: how much of it is whole. */
function wholeBytes(records: Buffer): number {
  let at = 0
  for (;;) {
    const byteLength = wholeBatchBytes(records, at)
    if (byteLength === undefined) return at
    at += byteLength
  }
}

/** Behind the last of some whole batches. */
function nextOffset(batches: Buffer): number {
  let last = 0
  for (let at = 0; at < batches.length; at += wholeBatchBytes(batches, at) ?? batches.length) last = at
  return batchLastOffset(batches, last) + 1
}
