// Compaction: of each key, the newest committed record stays. It never changes an offset and never touches the active segment.
//
//   start ──── cleaned before ──── sealed, stable and older than the lag ──── the rest ──── end
//              └ tombstones and     └ read for the newest offset of
//                markers go here      each key, then rewritten
//                once their horizon
//                has passed
//
// Every segment is rewritten to a file beside it that then takes its place, so a crash leaves either the old or the new one.
import { ByteWriter } from '../../../core/byte-writer.ts'
import type { Clock } from '../../../core/clock.ts'
import { copyKeptRecords } from '../../record-batch/batch-filter.ts'
import { type BatchHeader, readBatchHeader } from '../../record-batch/batch-header.ts'
import { RecordColumns, readRecordBatch } from '../../record-batch/record-columns.ts'
import type { LogSegment } from './log-segment.ts'
import type { PartitionLog } from './partition-log.ts'
import type { AbortedSpan } from './producer-states.ts'

/** Kafka's `min.cleanable.dirty.ratio`: less news than this is not worth a pass over everything. */
const dirtyRatioMin = 0.5

/** A pass holds one offset for each key that is new; what exceeds this is left to the next pass. */
const keysPerPassMax = 4_000_000

/** Cleans the partition if enough of it is dirty; lets others run between two segments. */
export async function compact(partition: PartitionLog, clock: Clock): Promise<void> {
  const segments = cleanableSegments(partition, clock.now())
  if (!isDirtyEnough(segments, partition.cleanedUpTo)) return
  const aborted = new AbortedSpans(partition)
  const newest = new Map<string, number>()
  let end = partition.cleanedUpTo
  for (const segment of segments) {
    if (segment.nextOffset <= end) continue
    if (newest.size > keysPerPassMax) break
    noteNewest(segment, aborted, newest)
    end = segment.nextOffset
    await clock.sleep(0)
  }
  for (const segment of segments) {
    if (segment.nextOffset > end) break
    if (partition.isDeleted) return
    if (!partition.sealedSegments.includes(segment)) continue // deleted meanwhile
    new Cleaning(partition, segment, aborted, newest, clock.now()).run()
    await clock.sleep(0)
  }
  if (!partition.isDeleted) partition.markCleaned(end)
}

function cleanableSegments(partition: PartitionLog, now: number): LogSegment[] {
  const { config, stableOffset, sealedSegments } = partition
  const isCleanable = (segment: LogSegment) =>
    segment.nextOffset <= stableOffset && segment.maxTimestamp <= now - config.minCompactionLagMs
  const first = sealedSegments.findIndex((segment) => !isCleanable(segment))
  return sealedSegments.slice(0, first < 0 ? sealedSegments.length : first)
}

function isDirtyEnough(segments: readonly LogSegment[], cleanedUpTo: number): boolean {
  let dirty = 0
  let total = 0
  for (const { size, nextOffset } of segments) {
    total += size
    if (nextOffset > cleanedUpTo) dirty += size
  }
  return dirty > 0 && dirty >= total * dirtyRatioMin
}

/** Which batches belong to aborted transactions. */
class AbortedSpans {
  private readonly spans: readonly AbortedSpan[]

  constructor(partition: PartitionLog) {
    this.spans = partition.abortedSpans
  }

  has({ isTransactional, producerId, baseOffset }: BatchHeader): boolean {
    if (!isTransactional) return false
    return this.spans.some(
      (span) => span.producerId === producerId && baseOffset >= span.firstOffset && baseOffset <= span.lastOffset,
    )
  }
}

const columns = new RecordColumns()

function noteNewest(segment: LogSegment, aborted: AbortedSpans, newest: Map<string, number>): void {
  segment.walk((buffer, at) => {
    const header = readBatchHeader(buffer, at)
    if (header.isControl || aborted.has(header)) return
    readRecordBatch(buffer, at, columns)
    for (let row = 0; row < columns.count; row++) {
      if (!columns.isNullKey(row)) newest.set(keyOf(columns, row), columns.offset(row))
    }
  })
}

const keyOf = ({ buffer, keyStart, keyEnd }: RecordColumns, row: number) =>
  buffer.latin1Slice(keyStart[row], keyEnd[row])

/** The rewriting of one segment. */
class Cleaning {
  private readonly partition: PartitionLog
  private readonly segment: LogSegment
  private readonly aborted: AbortedSpans
  private readonly newest: ReadonlyMap<string, number>
  private readonly now: number
  private readonly output = new ByteWriter(64 * 1024)
  /** Whoever reads this from its beginning has had the time to see the tombstones, and the markers have nothing left to mark. */
  private readonly isPastHorizon: boolean

  constructor(
    partition: PartitionLog,
    segment: LogSegment,
    aborted: AbortedSpans,
    newest: ReadonlyMap<string, number>,
    now: number,
  ) {
    this.partition = partition
    this.segment = segment
    this.aborted = aborted
    this.newest = newest
    this.now = now
    const wasCleaned = segment.nextOffset <= partition.cleanedUpTo
    this.isPastHorizon = wasCleaned && segment.deleteHorizon >= 0 && segment.deleteHorizon <= now
  }

  run(): void {
    const { segment, partition, now } = this
    const rewriting = segment.beginRewrite()
    segment.walk((buffer, at, _, byteLength) => {
      this.copyBatch(buffer, at, byteLength)
      if (this.output.position < 1024 * 1024) return
      rewriting.append(this.output.view())
      this.output.reset()
    })
    rewriting.append(this.output.view())
    const horizon = segment.deleteHorizon >= 0 ? segment.deleteHorizon : now + partition.config.deleteRetentionMs
    segment.completeRewrite(horizon)
  }

  private copyBatch(buffer: Buffer, at: number, byteLength: number): void {
    const header = readBatchHeader(buffer, at)
    if (header.isControl) {
      if (!this.isPastHorizon) this.output.bytes(buffer, at, at + byteLength)
    } else if (!this.aborted.has(header)) {
      copyKeptRecords(buffer, at, columns, this.keeps, this.output)
    }
  }

  /** A record without a key has no place in a compacted topic. */
  private readonly keeps = (records: RecordColumns, row: number): boolean => {
    if (records.isNullKey(row) || (this.isPastHorizon && records.isNullValue(row))) return false
    const newest = this.newest.get(keyOf(records, row))
    return newest === undefined || newest <= records.offset(row)
  }
}
