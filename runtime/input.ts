// One partition of one source topic as a task reads it: bytes to records, with event time, clock and the reasons why a record is none.
import { ByteReader } from '../core/byte-reader.ts'
import { BadRecord } from '../core/errors.ts'
import { StreamRecord } from '../core/stream-record.ts'
import { EngineHeader, hasEngineHeader } from '../kafka/engine-header.ts'
import type { RecordColumns } from '../kafka/record-batch/record-columns.ts'
import { UnresolvedSchema } from '../serdes/serde.ts'
import type { SourceNode } from '../topology/graph.ts'
import { readDeadLetter } from './dead-letter-reader.ts'
import { type EventTime, isPlausible } from './event-time.ts'
import type { InputPosition } from './marker.ts'
import type { InputSerdes, SchemaWait } from './schema-waits.ts'

/** What the task does with what is not a record for its operators. */
export interface InputEvents {
  rejectRow(row: number, node: string, reason: string, message: string): void
  skipTombstone(node: string): void
  hearWatermark(header: EngineHeader): void
}

/** Some of the rows of a batch: from `from` to before `end`. */
export interface Rows {
  readonly from: number
  readonly end: number
}

export class Input {
  readonly node: SourceNode
  readonly partition: number
  readonly topicId: string
  /** Next offset to read. */
  position: number
  /** When the last record read entered the system, ms UTC. */
  readUpTo: number | undefined
  /** Of the batch in hand, the next row to read. */
  nextRow = 0
  /** What the record at `position` waits for, when last looked at. */
  waiting: SchemaWait | undefined
  private drainedSince: number | undefined
  private readonly serdes: InputSerdes
  /** In front of a sink, where a null value may delete a row. */
  private readonly keepsTombstones: boolean
  private readonly header = new EngineHeader()
  private readonly reader = new ByteReader(Buffer.alloc(0))
  private readonly timestampOf: ((value: unknown) => number) | undefined

  constructor(
    node: SourceNode,
    partition: number,
    serdes: InputSerdes,
    position: { readonly topicId: string; readonly offset: number },
    { keepsTombstones = false }: { readonly keepsTombstones?: boolean } = {},
  ) {
    this.keepsTombstones = keepsTombstones
    this.node = node
    this.partition = partition
    this.serdes = serdes
    this.topicId = position.topicId
    this.position = position.offset
    // The node's type parameter is gone by now: the same definition gave the serde and this function.
    this.timestampOf = node.timestamp as ((value: unknown) => number) | undefined
  }

  get topic(): string {
    return this.node.topic.name
  }

  /** Whether event times of this topic come from its values, so that its partition has a clock of its own. */
  get hasClock(): boolean {
    return this.node.topic.role !== 'repartition'
  }

  /** Times that the engine has not written itself are checked; a result may well lie in the future. */
  private get isForeign(): boolean {
    return this.node.topic.role === 'source'
  }

  get isWaiting(): boolean {
    return this.waiting !== undefined
  }

  /** Looks whether it still waits, and has the schema asked for again when it is time. @throws what waiting does not mend */
  mayRead(): boolean {
    if (this.waiting?.goesOn() === false) this.waiting = undefined
    return !this.isWaiting
  }

  /** Reads the rows up to one whose writer schema is not known yet: there it waits, at that record's position. */
  read(
    columns: RecordColumns,
    time: EventTime,
    events: InputEvents,
    { from, end }: Rows = { from: 0, end: columns.count },
  ): StreamRecord[] {
    const records: StreamRecord[] = []
    this.nextRow = from
    try {
      for (; this.nextRow < end; this.nextRow++) this.readRow(columns, this.nextRow, records, time, events)
    } catch (error) {
      if (!(error instanceof UnresolvedSchema)) throw error
      this.waiting = this.serdes.schemas.begin(error.schemaId)
      this.position = columns.offset(this.nextRow)
    }
    const ingestedAt = records.at(-1)?.ingestedAt ?? 0
    if (ingestedAt > 0) this.readUpTo = ingestedAt
    return records
  }

  /** After each fetch that answered for this partition: `end` is its end for committed readers. */
  reached(end: number, now: number): void {
    this.drainedSince = this.position < end ? undefined : now
  }

  /** After a fetch that answered for no partition at all: this one has nothing to read either. */
  foundNothing(now: number): void {
    this.drainedSince ??= now
  }

  /** From now on nobody looks whether there is more. */
  leftAlone(): void {
    this.drainedSince = undefined
  }

  get isDrained(): boolean {
    return this.drainedSince !== undefined
  }

  isDrainedSince(moment: number): boolean {
    return this.drainedSince !== undefined && this.drainedSince <= moment
  }

  toMarker(time: EventTime): InputPosition {
    const clock = time.clock(this.topic)
    return {
      topicId: this.topicId,
      offset: this.position,
      clock: this.hasClock && Number.isFinite(clock) ? clock : null,
    }
  }

  /** One row becomes a record, or is told to `events`. @throws UnresolvedSchema before it has told or added anything. */
  private readRow(
    columns: RecordColumns,
    row: number,
    records: StreamRecord[],
    time: EventTime,
    events: InputEvents,
  ): void {
    const headed = this.readHeader(columns, row)
    if (headed && this.header.kind === 'watermark') {
      events.hearWatermark(this.header)
    } else if (this.isSkipped(columns, row)) {
      events.skipTombstone(this.node.name)
    } else {
      try {
        const value = this.valueAt(columns, row)
        records.push(this.toRecord(columns, row, this.keyAt(columns, row), value, headed, time))
      } catch (error) {
        if (!(error instanceof BadRecord)) throw error
        events.rejectRow(row, this.node.name, error.code, error.message)
      }
    }
  }

  /** A null value deletes in a table; in a stream it says nothing. */
  private isSkipped(columns: RecordColumns, row: number): boolean {
    if (this.node.readsDeadLetters || !columns.isNullValue(row)) return false
    return (this.node.as === 'stream' && !this.keepsTombstones) || columns.isNullKey(row)
  }

  private keyAt(columns: RecordColumns, row: number): unknown {
    if (this.node.readsDeadLetters) return readDeadLetterKey(columns, row)
    if (columns.isNullKey(row)) return undefined
    return this.serdes.key.read(columns.buffer, columns.keyStart[row] as number, columns.keyEnd[row] as number)
  }

  private valueAt(columns: RecordColumns, row: number): unknown {
    if (this.node.readsDeadLetters) return readDeadLetter(columns, row)
    if (columns.isNullValue(row)) return undefined
    return this.serdes.value.read(columns.buffer, columns.valueStart[row] as number, columns.valueEnd[row] as number)
  }

  /** Time is checked before any clock is touched. @throws BadRecord `invalid_timestamp` */
  private toRecord(
    columns: RecordColumns,
    row: number,
    key: unknown,
    value: unknown,
    headed: boolean,
    time: EventTime,
  ): StreamRecord {
    const { header } = this
    const recordTime = columns.timestamp(row)
    const ingestedAt = headed ? header.ingestedAt : recordTime
    const ownTime = headed ? header.timestamp : recordTime
    if (!this.hasClock) return StreamRecord.of(key, value, ownTime, header.clock, ingestedAt, row)
    const timestamp = this.timestampOf !== undefined && value !== undefined ? this.timestampOf(value) : ownTime
    if (this.isForeign) requirePlausible(timestamp, appendedAt(columns, headed ? ingestedAt : 0))
    return StreamRecord.of(key, value, timestamp, time.observe(this.topic, timestamp), ingestedAt, row)
  }

  private readHeader(columns: RecordColumns, row: number): boolean {
    const start = columns.headersStart[row] as number
    const end = columns.headersEnd[row] as number
    if (!hasEngineHeader(columns.buffer, start, end)) return false
    if (this.isForeign) return this.readForeignHeader(columns.buffer, start, end)
    this.header.read(this.reader, columns.buffer, start, end)
    return true
  }

  /** Whoever writes to a source topic may have a header that only looks like ours. */
  private readForeignHeader(buffer: Buffer, start: number, end: number): boolean {
    try {
      this.header.read(this.reader, buffer, start, end)
      return this.header.kind === 'data' && this.reader.position === end
    } catch (error) {
      if (error instanceof BadRecord) return false
      throw error
    }
  }
}

/** When the record was appended, ms UTC; −1 where nobody knows. */
function appendedAt(columns: RecordColumns, ingestedAt: number): number {
  if (columns.appendTime >= 0) return columns.appendTime
  return ingestedAt > 0 ? ingestedAt : -1
}

function requirePlausible(timestamp: number, appended: number): void {
  if (isPlausible(timestamp, appended)) return
  throw new BadRecord('invalid_timestamp', `event time ${timestamp} is not a time before ${appended} + 10 min`)
}

/** Dead letters keep whatever key they had, as bytes. */
function readDeadLetterKey(columns: RecordColumns, row: number): Buffer | undefined {
  if (columns.isNullKey(row)) return undefined
  return Buffer.from(columns.buffer.subarray(columns.keyStart[row], columns.keyEnd[row]))
}
