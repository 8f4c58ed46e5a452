// One reader of the embedded cluster: fetches from explicit positions into its own reused buffer and waits when there is nothing.
import type { Clock } from '../../core/clock.ts'
import { StreamsError } from '../../core/errors.ts'
import type { FetchedPartition, FetchOptions, LogReader, Position } from '../cluster.ts'
import { FetchBuffer } from './log/fetch-buffer.ts'
import type { TopicCatalogue } from './topic-catalogue.ts'
import { WaitList, waitForAny } from './wait-list.ts'

export class EmbeddedReader implements LogReader {
  private readonly catalogue: TopicCatalogue
  private readonly clock: Clock
  private readonly closed: () => void
  private readonly closing = new WaitList()
  private isClosed = false
  private readonly buffer = new FetchBuffer()
  /** Which position comes first: it moves on, so that no partition starves behind a busy one. */
  private turn = 0

  constructor(catalogue: TopicCatalogue, clock: Clock, closed: () => void) {
    this.catalogue = catalogue
    this.clock = clock
    this.closed = closed
  }

  async fetch(positions: readonly Position[], options: FetchOptions): Promise<FetchedPartition[]> {
    const deadline = this.clock.now() + options.maxWaitMs
    for (;;) {
      if (this.isClosed) throw new StreamsError('reader_closed', 'this reader is closed')
      const fetched = this.collect(positions, options)
      const left = deadline - this.clock.now()
      if (fetched.length > 0 || left <= 0 || options.signal?.aborted) return fetched
      const lists = positions.map((position) => this.catalogue.partition(position).readable)
      await waitForAny([...lists, this.closing], this.clock, left, options.signal)
    }
  }

  async close(): Promise<void> {
    this.isClosed = true
    this.closing.wakeAll()
    this.closed()
  }

  private collect(positions: readonly Position[], options: FetchOptions): FetchedPartition[] {
    const { isolation, maxBytes, maxBytesPerPartition } = options
    const fetched: FetchedPartition[] = []
    const turn = this.turn++
    let left = maxBytes
    this.buffer.used = 0
    for (let i = 0; i < positions.length; i++) {
      const position = positions[(i + turn) % positions.length]
      if (position === undefined) continue
      const limits = { isolation, maxBytes: Math.min(left, maxBytesPerPartition), isFirstWhole: fetched.length === 0 }
      const answer = this.catalogue.partition(position).read(position.offset, limits, this.buffer)
      if (answer === undefined) continue
      fetched.push(answer)
      left = Math.max(0, left - answer.batches.length)
    }
    return fetched
  }
}
