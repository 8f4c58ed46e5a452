// One partition of a sink sub-topology: committed records become rows, and rows and position go into the sink's own transaction (exactly-once.md §4).
// No state, changelog, fence or Kafka transaction: the position is the sink's.
import { assert } from '../core/assert.ts'
import type { Clock } from '../core/clock.ts'
import { StreamsError } from '../core/errors.ts'
import type { Logger } from '../core/logger.ts'
import type { RecordContext, StreamRecord } from '../core/stream-record.ts'
import { type TaskId, taskName } from '../core/topic-partition.ts'
import type { Admin, FetchedPartition, LogReader } from '../kafka/cluster.ts'
import { committedBatches } from '../kafka/committed-batches.ts'
import { RecordColumns } from '../kafka/record-batch/record-columns.ts'
import type { Outcome, TaskContext } from '../processors/operator.ts'
import type { RowOrigin, Sink, SinkBatch, SinkWriter } from '../sinks/sink.ts'
import { TaskStores } from '../state/task-stores.ts'
import type { SinkNode, Subtopology } from '../topology/graph.ts'
import { Accounting, type NewCount } from './accounting.ts'
import { EventTime } from './event-time.ts'
import { Input, type InputEvents } from './input.ts'
import type { NodeObserver } from './node-observer.ts'
import { OperatorGraph } from './operator-graph.ts'
import { slicesOf } from './row-slices.ts'
import type { InputSerdes } from './schema-waits.ts'
import { statelessState } from './stateless-state.ts'

export interface SinkTaskOptions {
  readonly app: string
  readonly subtopology: Subtopology
  readonly partition: number
  readonly topicId: string
  readonly earliest: number
  readonly serdes: InputSerdes
  readonly sink: Sink
  readonly reader: LogReader
  readonly admin: Admin
  readonly clock: Clock
  readonly logger: Logger
  readonly globalTable: (topic: string) => ReadonlyMap<unknown, unknown>
  /** Called after each commit with when each of its records entered the system (ms UTC; 0 if unknown), and what was counted. */
  readonly onCommit?: (ingestedAt: readonly number[], counted: readonly NewCount[]) => void
  readonly onFetch?: (topic: string, bytes: number) => void
  readonly nodes: NodeObserver
}

const BATCH_ROWS_MAX = 20_000
const BATCH_BYTES_MAX = 24 * 1024 * 1024
const FETCH_BYTES = 2 * 1024 * 1024

export class SinkTask implements TaskContext, InputEvents {
  readonly task: TaskId
  readonly name: string
  readonly input: Input
  readonly stores: TaskStores
  readonly accounting = new Accounting()
  private readonly options: SinkTaskOptions
  private readonly graph: OperatorGraph
  private readonly time: EventTime
  private readonly columns = new RecordColumns()
  private readonly writer: SinkWriter
  private batch: SinkBatch
  private batchFrom: number
  private ingestedAt: number[] = []
  /** Everything below is in the sink. */
  committedPosition: number
  private committing: Promise<void> | undefined
  private committingRows = 0
  private failure: unknown

  private constructor(options: SinkTaskOptions, writer: SinkWriter) {
    const { subtopology, partition, topicId, earliest } = options
    const [source] = subtopology.sources
    assert(source !== undefined && subtopology.sources.length === 1, 'a sink stands behind one topic')
    this.options = options
    this.writer = writer
    this.task = { subtopology: subtopology.id, partition }
    this.name = taskName(this.task)
    const position = writer.position ?? earliest
    if (position < earliest)
      throw new StreamsError(
        'position_lost',
        `the sink stands at ${position} of ${source.topic.name}-${partition}, but the log begins at ${earliest}: what lies between was deleted before it was written`,
      )
    this.input = new Input(source, partition, options.serdes, { topicId, offset: position }, { keepsTombstones: true })
    this.time = new EventTime([this.input.topic], [])
    this.stores = new TaskStores([], statelessState, () => ({ token: 0, offset: 0 }))
    this.graph = new OperatorGraph(
      subtopology,
      this,
      { accounting: this.accounting, observer: options.nodes },
      {
        write: () => assert(false, 'a sink sub-topology writes no topic'),
        sink: (node, record) => this.addRow(node, record),
      },
    )
    this.batch = writer.newBatch()
    this.batchFrom = position
    this.committedPosition = position
  }

  static async open(options: SinkTaskOptions): Promise<SinkTask> {
    const { app, topicId, partition, sink, subtopology } = options
    const topic = subtopology.sources[0]?.topic.name ?? ''
    return new SinkTask(options, await sink.open({ app, topic, partition, topicId }))
  }

  /**
   * Reads what there is into the batch, and commits it in the background once it is large or nothing more is waiting.
   * Returns whether anything happened. @throws what the sink's commit threw.
   */
  async step(maxWaitMs: number, signal: AbortSignal): Promise<boolean> {
    if (this.failure !== undefined) throw this.failure
    const read = await this.read(this.hasRows ? 0 : maxWaitMs, signal)
    if (this.hasRows && (!read || this.isFull)) {
      await this.committing
      if (this.failure !== undefined) throw this.failure
      this.committing = this.commit(signal)
      return true
    }
    if (!read && this.committing !== undefined) {
      await this.committing
      return true
    }
    return read
  }

  /** Waits for the commit that is under way. What is read but not committed will be read again. */
  async close(): Promise<void> {
    await this.committing
    await this.writer.close()
    await this.options.reader.close()
  }

  /** Read, and not yet durable in the sink. */
  get bufferedRows(): number {
    return this.batch.rows + this.committingRows
  }

  private get hasRows(): boolean {
    return this.input.position > this.batchFrom
  }

  private get isFull(): boolean {
    return this.batch.rows >= BATCH_ROWS_MAX || this.batch.bytes >= BATCH_BYTES_MAX
  }

  private async read(maxWaitMs: number, signal: AbortSignal): Promise<boolean> {
    if (this.isFull) return false
    const { clock, reader } = this.options
    const waitMs = this.committing === undefined ? maxWaitMs : 0
    if (!this.input.mayRead()) {
      await clock.sleep(waitMs, signal)
      return false
    }
    const { topic, partition, position } = this.input
    const [fetched] = await reader.fetch([{ topic, partition, offset: position }], {
      isolation: 'read_committed',
      maxBytes: FETCH_BYTES,
      maxBytesPerPartition: FETCH_BYTES,
      maxWaitMs: waitMs,
      signal,
    })
    return fetched !== undefined && (await this.process(fetched))
  }

  private async process(fetched: FetchedPartition): Promise<boolean> {
    const from = this.input.position
    this.options.onFetch?.(fetched.topic, fetched.batches.length)
    for (const next of committedBatches(fetched, from, this.columns)) {
      if (this.columns.count > 0) await this.processBatch()
      if (this.input.isWaiting) break
      this.input.position = next
    }
    return this.input.position > from
  }

  private async processBatch(): Promise<void> {
    const { input } = this
    for (const rows of slicesOf(this.columns.count)) {
      await this.graph.run(input.node, input.read(this.columns, this.time, this, rows))
      if (input.isWaiting) break
    }
    this.accounting.add(input.node.name, 'in', input.nextRow)
  }

  private commit(signal: AbortSignal): Promise<void> {
    const { batch, batchFrom, ingestedAt } = this
    const counted = this.accounting.takeNew()
    this.committingRows = batch.rows
    const to = this.input.position
    this.batch = this.writer.newBatch()
    this.batchFrom = to
    this.ingestedAt = []
    return this.writer
      .commit(batch, { from: batchFrom, to }, signal)
      .then(async () => {
        this.committedPosition = to
        this.options.onCommit?.(ingestedAt, counted)
        await this.tellGroup(to)
      })
      .catch((error: unknown) => {
        this.failure = error
      })
      .finally(() => {
        this.committing = undefined
        this.committingRows = 0
      })
  }

  /** For lag tools only: the position that counts is the sink's, so a failure here costs nothing. */
  private async tellGroup(offset: number): Promise<void> {
    const { admin, app, logger } = this.options
    const { topic, partition } = this.input
    try {
      await admin.commitOffsets(app, [{ topic, partition, offset }])
    } catch (error) {
      logger.debug('the group was not told of a sink position', { topic, partition, error: String(error) })
    }
  }

  private addRow(node: SinkNode, record: StreamRecord): void {
    if (record.value === undefined && node.table.deletes !== true) {
      this.skipTombstone(node.name)
      return
    }
    const row = node.toRow(record.value as never, record.key as never, this.place(record))
    this.batch.add(node.table, row, this.origin(record.row))
    this.ingestedAt.push(record.ingestedAt)
  }

  private origin(row: number): RowOrigin {
    const { columns } = this
    return {
      offset: columns.offset(row),
      key: columns.isNullKey(row) ? undefined : columns.buffer.subarray(columns.keyStart[row], columns.keyEnd[row]),
      value: columns.isNullValue(row)
        ? undefined
        : columns.buffer.subarray(columns.valueStart[row], columns.valueEnd[row]),
    }
  }

  // ---- TaskContext

  /** In front of a sink there are none. */
  readonly windowsAtOnce = 0

  watermark(): number {
    return this.time.watermark()
  }

  count(node: string, outcome: Outcome, by = 1): void {
    this.accounting.add(node, outcome, by)
  }

  late(node: string, byMs: number): void {
    this.options.nodes.late(node, byMs)
  }

  globalTable(topic: string): ReadonlyMap<unknown, unknown> {
    return this.options.globalTable(topic)
  }

  place(record: StreamRecord): RecordContext {
    return {
      topic: this.input.topic,
      partition: this.task.partition,
      offset: this.columns.offset(record.row),
      timestamp: record.timestamp,
      ingestedAt: record.ingestedAt,
    }
  }

  deadLetter(
    record: StreamRecord,
    { node, reason, message }: { readonly node: string; readonly reason: string; readonly message: string },
  ): void {
    this.rejectRow(record.row, node, reason, message)
  }

  // ---- InputEvents

  rejectRow(row: number, node: string, reason: string, message: string): void {
    this.accounting.add(node, `dead_letter:${reason}`)
    this.batch.reject(node, this.origin(row), reason, message)
  }

  skipTombstone(node: string): void {
    this.accounting.add(node, 'tombstone')
  }

  hearWatermark(): void {}
}
