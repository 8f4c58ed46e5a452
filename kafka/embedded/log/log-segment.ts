// One segment of a partition's log: a file of batches named after its first offset, and what must be known to read from it.
import { batchBaseOffset, batchLastOffset, readBatchHeader, wholeBatchBytes } from '../../record-batch/batch-header.ts'
import { batchField, lengthPrefixBytes } from '../../record-batch/batch-layout.ts'
import type { LogFile, LogStorage } from '../storage/log-storage.ts'
import { type BatchVisit, walkBatches } from './batch-walk.ts'
import type { FetchBuffer } from './fetch-buffer.ts'
import { OffsetIndex } from './offset-index.ts'
import type { StoredProducerStates } from './producer-states.ts'

interface SegmentFacts {
  /** Bytes of whole batches. */
  size: number
  nextOffset: number
  maxTimestamp: number
  /** When compaction may drop this segment's tombstones and markers; −1 until it has been cleaned once. */
  deleteHorizon: number
  readonly index: OffsetIndex
}

type StoredFacts = Omit<SegmentFacts, 'index'> & {
  readonly index: readonly (readonly [offset: number, position: number])[]
}

export interface ReadLimits {
  /** Only batches below this offset are read. */
  readonly upTo: number
  readonly maxBytes: number
  /** Whether the first batch comes even if it is larger than `maxBytes`. */
  readonly isFirstWhole: boolean
}

/** Reading begins with at least this much, so that a few small batches never need a second read. */
const readBytesMin = 4096

export class LogSegment {
  readonly baseOffset: number
  readonly logPath: string
  private readonly indexPath: string
  private readonly snapshotPath: string
  private readonly rewritePath: string
  private readonly storage: LogStorage
  private openedFile: LogFile | undefined
  private knownFacts: SegmentFacts | undefined
  /** Where the last read ended: readers mostly go on from there. */
  private resumeOffset = 0
  private resumePosition = 0

  constructor(storage: LogStorage, directory: string, baseOffset: number) {
    this.storage = storage
    this.baseOffset = baseOffset
    this.logPath = `${directory}/${segmentName(baseOffset)}.log`
    this.indexPath = `${directory}/${segmentName(baseOffset)}.index`
    this.rewritePath = `${this.logPath}.cleaned`
    this.snapshotPath = `${directory}/${segmentName(baseOffset)}.snapshot`
  }

  get size(): number {
    return this.file.size
  }

  get nextOffset(): number {
    return this.facts.nextOffset
  }

  get maxTimestamp(): number {
    return this.facts.maxTimestamp
  }

  get deleteHorizon(): number {
    return this.facts.deleteHorizon
  }

  append(batch: Buffer, baseOffset: number, lastOffset: number, maxTimestamp: number): void {
    const { facts } = this
    const position = this.file.size
    this.file.append(batch)
    facts.size = this.file.size
    facts.index.note(baseOffset, position)
    facts.nextOffset = lastOffset + 1
    facts.maxTimestamp = Math.max(facts.maxTimestamp, maxTimestamp)
  }

  /** Reads the segment through, tells `visit` of every batch, and cuts off a torn tail. */
  recover(visit: BatchVisit): void {
    this.knownFacts = this.scan(visit)
    this.file.truncate(this.knownFacts.size)
  }

  /** Writes the index down: from now on the segment is only read. */
  seal(): void {
    const { facts } = this
    const content: StoredFacts = { ...facts, index: facts.index.entries() }
    this.storage.replace(this.indexPath, Buffer.from(JSON.stringify(content)))
  }

  walk(visit: BatchVisit): void {
    walkBatches(this.file, visit)
  }

  /**
   * Reads whole batches into `target`, beginning with the one that holds `from` or the next one there is.
   * Undefined when there is none in this segment; empty when there is one but the limits forbid it.
   */
  read(from: number, limits: ReadLimits, target: FetchBuffer): Buffer | undefined {
    let position = this.floor(from)
    let length = Math.max(limits.maxBytes, readBytesMin)
    while (position < this.size) {
      target.reserve(Math.min(length, this.size - position))
      const end =
        target.used + this.file.read(position, target.bytes, target.used, Math.min(length, this.size - position))
      const start = skipBelow(target.bytes, target.used, end, from)
      const first = wholeBatchBytes(target.bytes, start, end)
      if (first !== undefined) return this.take(target, position - target.used, start, end, limits)
      position += start - target.used
      if (end - start < batchField.records) {
        if (position + batchField.records > this.size) return undefined
        continue
      }
      // The batch is larger than what was read: read it whole, if it may be had at all.
      if (batchLastOffset(target.bytes, start) >= from && !limits.isFirstWhole) return emptyBytes
      length = Math.max(length, target.bytes.readInt32BE(start + batchField.batchLength) + lengthPrefixBytes)
    }
    return undefined
  }

  /** A file beside this segment's, for its content after compaction. */
  beginRewrite(): LogFile {
    this.storage.remove(this.rewritePath)
    return this.storage.open(this.rewritePath)
  }

  /** Puts the rewritten content in the place of the old; the offsets that the segment spans stay the same. */
  completeRewrite(deleteHorizon: number): void {
    const { nextOffset, maxTimestamp } = this.facts
    this.storage.rename(this.rewritePath, this.logPath)
    this.openedFile = undefined
    this.resumeOffset = this.resumePosition = 0
    this.knownFacts = { ...this.scan(() => {}), nextOffset, maxTimestamp, deleteHorizon }
    this.seal()
  }

  /** What is known of producers where this segment begins: recovery goes on from there instead of reading the whole log. */
  writeSnapshot(states: StoredProducerStates): void {
    this.storage.replace(this.snapshotPath, Buffer.from(JSON.stringify(states)))
  }

  readSnapshot(): StoredProducerStates | undefined {
    const bytes = this.storage.read(this.snapshotPath)
    return bytes && (JSON.parse(bytes.toString()) as StoredProducerStates) // written by `writeSnapshot`
  }

  remove(): void {
    for (const path of [this.logPath, this.indexPath, this.snapshotPath]) this.storage.remove(path)
  }

  /** Cuts the answer to the limits; `shift` turns a place in the buffer into one in the file. */
  private take(target: FetchBuffer, shift: number, start: number, end: number, limits: ReadLimits): Buffer {
    const { bytes } = target
    let at = start
    for (;;) {
      const byteLength = wholeBatchBytes(bytes, at, end)
      if (byteLength === undefined || batchBaseOffset(bytes, at) >= limits.upTo) break
      const isAllowed = at + byteLength - start <= limits.maxBytes || (at === start && limits.isFirstWhole)
      if (!isAllowed) break
      this.resumeOffset = batchLastOffset(bytes, at) + 1
      at += byteLength
      this.resumePosition = at + shift
    }
    target.used = at
    return bytes.subarray(start, at)
  }

  private floor(offset: number): number {
    const indexed = this.facts.index.floor(offset)
    return this.resumeOffset <= offset ? Math.max(indexed, this.resumePosition) : indexed
  }

  private get file(): LogFile {
    this.openedFile ??= this.storage.open(this.logPath)
    return this.openedFile
  }

  private get facts(): SegmentFacts {
    this.knownFacts ??= this.readIndex() ?? this.scan(() => {})
    return this.knownFacts
  }

  /** Undefined when there is no index, or it is not of this content: a crash came between the two. */
  private readIndex(): SegmentFacts | undefined {
    const bytes = this.storage.read(this.indexPath)
    if (bytes === undefined) return undefined
    const stored = JSON.parse(bytes.toString()) as StoredFacts // written by `seal`
    return stored.size === this.file.size ? { ...stored, index: OffsetIndex.of(stored.index) } : undefined
  }

  private scan(visit: BatchVisit): SegmentFacts {
    const index = new OffsetIndex()
    const facts = { size: 0, nextOffset: this.baseOffset, maxTimestamp: -1, deleteHorizon: -1, index }
    facts.size = walkBatches(this.file, (buffer, at, position, byteLength) => {
      const header = readBatchHeader(buffer, at)
      index.note(header.baseOffset, position)
      facts.nextOffset = header.lastOffset + 1
      facts.maxTimestamp = Math.max(facts.maxTimestamp, header.maxTimestamp)
      visit(buffer, at, position, byteLength)
    })
    return facts
  }
}

const emptyBytes = Buffer.alloc(0)

/** Twenty digits, so that names sort like offsets. */
function segmentName(baseOffset: number): string {
  return String(baseOffset).padStart(20, '0')
}

/** The first batch at or behind `at` that reaches `from`; may lie beyond `end`, where one has to read on. */
function skipBelow(bytes: Buffer, at: number, end: number, from: number): number {
  let start = at
  while (start + batchField.records <= end && batchLastOffset(bytes, start) < from) {
    start += bytes.readInt32BE(start + batchField.batchLength) + lengthPrefixBytes
  }
  return start
}
