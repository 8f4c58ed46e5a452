// One partition: its segments, its producers and its three offsets. Retention and compaction decide elsewhere and act through it.
import { assert } from '../../../core/assert.ts'
import type { Clock } from '../../../core/clock.ts'
import { OffsetOutOfRange } from '../../../core/errors.ts'
import type { TopicPartition } from '../../../core/topic-partition.ts'
import type { FetchedPartition, Isolation, TopicConfig } from '../../cluster.ts'
import { readBatchHeader } from '../../record-batch/batch-header.ts'
import { stampAppendTime, stampBaseOffset } from '../../record-batch/batch-stamp.ts'
import { type Marker, markerBytes, writeMarker } from '../../record-batch/control-batch.ts'
import type { LogStorage } from '../storage/log-storage.ts'
import { WaitList } from '../wait-list.ts'
import type { FetchBuffer } from './fetch-buffer.ts'
import { LogSegment, type ReadLimits } from './log-segment.ts'
import type { AbortedSpan, ProducerStates } from './producer-states.ts'
import { recoverSegments } from './segment-recovery.ts'

export interface PartitionLogOptions {
  readonly storage: LogStorage
  readonly directory: string
  readonly place: TopicPartition
  readonly config: TopicConfig
  readonly clock: Clock
}

interface Checkpoint {
  readonly logStartOffset: number
  /** Compaction has been everywhere below; there is nothing left of transactions aborted below. */
  readonly cleanedUpTo: number
}

export class PartitionLog {
  readonly place: TopicPartition
  readonly config: TopicConfig
  /** Woken when there is more to read. */
  readonly readable = new WaitList()
  /** Its topic is gone: nothing may be written any more. */
  isDeleted = false
  private readonly options: PartitionLogOptions
  private segments: LogSegment[]
  private readonly producers: ProducerStates
  private checkpoint: Checkpoint
  private readonly marker = Buffer.alloc(markerBytes)

  constructor(options: PartitionLogOptions) {
    this.options = options
    this.place = options.place
    this.config = options.config
    this.checkpoint = readCheckpoint(options)
    const recovered = recoverSegments(options.storage, options.directory, this.startOffset, options.clock.now())
    this.segments = recovered.segments
    this.producers = recovered.producers
    this.producers.forgetAbortedBelow(Math.max(this.startOffset, this.cleanedUpTo))
  }

  get startOffset(): number {
    return this.checkpoint.logStartOffset
  }

  get endOffset(): number {
    return this.active.nextOffset
  }

  get stableOffset(): number {
    return this.producers.stableOffset(this.endOffset)
  }

  /** Of the segment being written. */
  get newestTimestamp(): number {
    return this.active.maxTimestamp
  }

  get cleanedUpTo(): number {
    return this.checkpoint.cleanedUpTo
  }

  /** Segments that are only read, oldest first. */
  get sealedSegments(): readonly LogSegment[] {
    return this.segments.slice(0, -1)
  }

  get openProducers(): { readonly producerId: number; readonly epoch: number }[] {
    return this.producers.open()
  }

  /** Appends one batch of a producer; returns its base offset, or that of the equal batch taken before. @throws ProducerFenced */
  append(batch: Buffer): number {
    const header = readBatchHeader(batch, 0)
    const duplicate = this.producers.duplicateOf(header)
    if (duplicate !== undefined) return duplicate
    const now = this.options.clock.now()
    const isAppendTime = this.config.timestampType === 'LogAppendTime'
    if (isAppendTime) stampAppendTime(batch, now)
    const baseOffset = this.write(batch, header.recordCount, isAppendTime ? now : header.maxTimestamp)
    this.producers.appended(header, baseOffset, now)
    this.readable.wakeAll()
    return baseOffset
  }

  /** Ends a transaction here. */
  appendMarker(marker: Omit<Marker, 'timestamp'>): void {
    const now = this.options.clock.now()
    const batch = writeMarker(this.marker, { ...marker, timestamp: now })
    const offset = this.write(batch, 1, now)
    this.producers.ended(marker.producerId, marker.epoch, marker.type, offset, now)
    this.readable.wakeAll()
  }

  /**
   * Reads from `from` on into `target`; undefined when there is nothing to read.
   * @throws OffsetOutOfRange
   */
  read(
    from: number,
    limits: { readonly isolation: Isolation; readonly maxBytes: number; readonly isFirstWhole: boolean },
    target: FetchBuffer,
  ): FetchedPartition | undefined {
    this.requireInRange(from)
    const isCommitted = limits.isolation === 'read_committed'
    const upTo = isCommitted ? this.stableOffset : this.endOffset
    const batches = from < upTo ? this.readBatches(from, { ...limits, upTo }, target) : undefined
    if (batches === undefined || batches.length === 0) return undefined
    return {
      ...this.place,
      batches,
      aborted: isCommitted ? this.producers.abortedBetween(from, upTo) : [],
      logStartOffset: this.startOffset,
      lastStableOffset: this.stableOffset,
      highWatermark: this.endOffset,
    }
  }

  /** Forgets what is below `offset`; whole segments go at once. @throws OffsetOutOfRange */
  deleteBefore(offset: number): void {
    if (offset <= this.startOffset) return
    this.requireInRange(offset)
    this.writeCheckpoint({ ...this.checkpoint, logStartOffset: offset })
    const kept = this.segments.findLastIndex(({ baseOffset }) => baseOffset <= offset)
    this.dropSegments(this.segments.slice(0, Math.max(0, kept)))
    this.producers.forgetAbortedBelow(offset)
  }

  /** Closes the active segment and begins the next, so that retention and compaction may have the former. */
  roll(): void {
    if (this.active.size === 0) return
    const { storage, directory, clock } = this.options
    this.active.seal()
    const next = new LogSegment(storage, directory, this.endOffset)
    next.writeSnapshot(this.producers.stored(clock.now()))
    next.recover(() => {})
    this.segments.push(next)
  }

  /** Compaction has been everywhere below `upTo`; segments that it left empty go. */
  markCleaned(upTo: number): void {
    this.dropSegments(this.sealedSegments.filter(({ size }) => size === 0))
    this.writeCheckpoint({ ...this.checkpoint, cleanedUpTo: upTo })
    this.producers.forgetAbortedBelow(upTo)
  }

  get abortedSpans(): readonly AbortedSpan[] {
    return this.producers.abortedSpans
  }

  private dropSegments(dropped: readonly LogSegment[]): void {
    this.segments = this.segments.filter((segment) => !dropped.includes(segment))
    for (const segment of dropped) segment.remove()
  }

  private get active(): LogSegment {
    const last = this.segments.at(-1)
    assert(last !== undefined, 'a partition without segments')
    return last
  }

  private write(batch: Buffer, recordCount: number, maxTimestamp: number): number {
    if (this.active.size + batch.length > this.config.segmentBytes) this.roll()
    const baseOffset = this.endOffset
    stampBaseOffset(batch, baseOffset)
    this.active.append(batch, baseOffset, baseOffset + recordCount - 1, maxTimestamp)
    return baseOffset
  }

  private readBatches(from: number, limits: ReadLimits, target: FetchBuffer): Buffer | undefined {
    const first = Math.max(
      0,
      this.segments.findLastIndex(({ baseOffset }) => baseOffset <= from),
    )
    for (let i = first; i < this.segments.length; i++) {
      const batches = this.segments[i]?.read(from, limits, target)
      if (batches !== undefined) return batches
    }
    return undefined
  }

  private requireInRange(offset: number): void {
    if (offset >= this.startOffset && offset <= this.endOffset) return
    const range = `${this.startOffset} to ${this.endOffset}`
    throw new OffsetOutOfRange('offset_out_of_range', `the log has the offsets ${range}`, {
      topicPartition: this.place,
      offset,
    })
  }

  private writeCheckpoint(checkpoint: Checkpoint): void {
    const { storage, directory } = this.options
    storage.replace(`${directory}/${checkpointName}`, Buffer.from(JSON.stringify(checkpoint)))
    this.checkpoint = checkpoint
  }
}

const checkpointName = 'checkpoint.json'

function readCheckpoint({ storage, directory }: PartitionLogOptions): Checkpoint {
  const bytes = storage.read(`${directory}/${checkpointName}`)
  if (bytes === undefined) return { logStartOffset: 0, cleanedUpTo: 0 }
  return JSON.parse(bytes.toString()) as Checkpoint // written by `writeCheckpoint`
}
