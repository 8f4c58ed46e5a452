// One reader of remote brokers: one fetch in flight a broker for all its partitions, the next one under way while its caller works on the last.
import type { Clock } from '../../core/clock.ts'
import { Retriable, StreamsError } from '../../core/errors.ts'
import type { FetchedPartition, FetchOptions, LogReader, Position } from '../cluster.ts'
import type { BrokerLinks } from './broker-links.ts'
import type { ClusterMap } from './cluster-map.ts'
import { FetchPoll } from './fetch-poll.ts'
import type { Persistence } from './persistence.ts'

export interface RemoteReaderParts {
  /** This reader's alone: a fetch that waits holds up whatever comes behind it. */
  readonly links: BrokerLinks
  readonly map: ClusterMap
  readonly persistence: Persistence
  readonly clock: Clock
  readonly requestTimeoutMs: number
  readonly closed: () => void
}

/** How long, beyond the caller's own wait, to wait for what an earlier call has asked: that answer may be on its way. */
const graceMs = 10

export class RemoteReader implements LogReader {
  private readonly parts: RemoteReaderParts
  /** Asked and not yet handed out, one a broker. */
  private polls: readonly FetchPoll[] = []
  /** In the frame of the answer that was handed out last. */
  private handedOut: Buffer | undefined
  private isClosed = false

  constructor(parts: RemoteReaderParts) {
    this.parts = parts
  }

  async fetch(positions: readonly Position[], options: FetchOptions): Promise<FetchedPartition[]> {
    if (this.isClosed) throw this.closedError()
    this.recycle()
    if (positions.length === 0) return []
    try {
      return await this.parts.persistence.repeat(() => this.fetchOnce(positions, options), options.signal)
    } catch (error) {
      if (this.isClosed) throw this.closedError(error)
      if (options.signal?.aborted && error instanceof Retriable) return []
      throw error
    }
  }

  /** At once, whatever is in flight. */
  async close(): Promise<void> {
    this.isClosed = true
    this.parts.links.close()
    this.parts.closed()
  }

  private async fetchOnce(positions: readonly Position[], options: FetchOptions): Promise<FetchedPartition[]> {
    const { map } = this.parts
    try {
      const earlier = this.polls
      this.polls = await this.pollsFor(positions, options)
      const isAskedEarlier = this.polls.some((poll) => earlier.includes(poll))
      return await this.firstWithData(isAskedEarlier ? graceMs : this.parts.requestTimeoutMs, options)
    } catch (error) {
      this.polls = []
      if (error instanceof Retriable) map.forget(positions)
      throw error
    }
  }

  /** What is in flight already stays, as long as it asks for the same; else it is given up. */
  private async pollsFor(positions: readonly Position[], options: FetchOptions): Promise<FetchPoll[]> {
    const { map, links, requestTimeoutMs } = this.parts
    const { isolation, maxBytesPerPartition, maxWaitMs, minBytes = 1 } = options
    const leaders = await map.byLeader(positions)
    const maxBytes = Math.floor(options.maxBytes / leaders.size)
    const limits = { isolation, maxBytes, maxBytesPerPartition, maxWaitMs, minBytes, requestTimeoutMs }
    const kept = new Map(
      this.polls
        .filter((poll) => poll.matches(leaders.get(poll.broker) ?? [], isolation))
        .map((poll) => [poll.broker, poll]),
    )
    for (const poll of this.polls) if (!kept.has(poll.broker)) poll.giveUp(links)
    return [...leaders].map(([broker, led]) => kept.get(broker) ?? new FetchPoll(links, broker, led, limits))
  }

  /** The first answer that holds anything; nothing when all are empty, the wait is over or the caller has given up. */
  private async firstWithData(moreWaitMs: number, { maxWaitMs, signal }: FetchOptions): Promise<FetchedPartition[]> {
    const ended = new AbortController()
    const end = () => ended.abort()
    signal?.addEventListener('abort', end, { once: true })
    if (signal?.aborted) end()
    const over = this.parts.clock.sleep(maxWaitMs + moreWaitMs, ended.signal).then(() => undefined)
    try {
      for (const waiting = new Set(this.polls); waiting.size > 0; ) {
        const answered = await Promise.race([over, ...[...waiting].map((poll) => answerOf(poll))])
        if (answered === undefined) return []
        waiting.delete(answered.poll)
        this.replace(answered.poll, answered.fetched)
        if (answered.fetched.length > 0) return this.handOut(answered.fetched)
      }
      return []
    } finally {
      signal?.removeEventListener('abort', end)
      end()
    }
  }

  private handOut(fetched: readonly FetchedPartition[]): FetchedPartition[] {
    this.handedOut = fetched[0]?.batches
    return [...fetched]
  }

  /** The caller has done with what it was given. */
  private recycle(): void {
    if (this.handedOut !== undefined) this.parts.links.frames.recycle(this.handedOut)
    this.handedOut = undefined
  }

  private replace(poll: FetchPoll, fetched: readonly FetchedPartition[]): void {
    const next = poll.next(this.parts.links, fetched)
    this.polls = [...this.polls.filter((other) => other !== poll), ...(next === undefined ? [] : [next])]
  }

  private closedError(cause?: unknown): StreamsError {
    return new StreamsError('reader_closed', 'this reader is closed', { cause })
  }
}

const answerOf = async (poll: FetchPoll) => ({ poll, fetched: await poll.answer })
