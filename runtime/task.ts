// One task: a partition of a sub-topology with its inputs, state, operators and time. It processes and says what a commit must hold;
// claiming is take-over.ts, committing is commit-cycle.ts. Over 300 lines because it is also what operators and inputs see of their task.
import { assert } from '../core/assert.ts'
import { StreamsError } from '../core/errors.ts'
import type { RecordContext, StreamRecord } from '../core/stream-record.ts'
import { type TaskId, taskName } from '../core/topic-partition.ts'
import type { FetchedPartition, Position } from '../kafka/cluster.ts'
import { committedBatches } from '../kafka/committed-batches.ts'
import type { EngineHeader, UpstreamStatus } from '../kafka/engine-header.ts'
import { RecordColumns } from '../kafka/record-batch/record-columns.ts'
import type { Outcome, TaskContext } from '../processors/operator.ts'
import type { Changes, TaskState, Writer } from '../state/backend.ts'
import { TaskStores } from '../state/task-stores.ts'
import type { Subtopology } from '../topology/graph.ts'
import { Accounting, type NewCount } from './accounting.ts'
import { BadShare } from './bad-share.ts'
import type { DeadLetterWriter } from './dead-letters.ts'
import { EventTime } from './event-time.ts'
import { Input, type InputEvents } from './input.ts'
import { type InputStart, startOf } from './input-start.ts'
import { encodeMarker, type Marker } from './marker.ts'
import type { NodeObserver } from './node-observer.ts'
import { OperatorGraph } from './operator-graph.ts'
import type { RecordWriter } from './record-writer.ts'
import { SLICE_ROWS, slicesOf } from './row-slices.ts'
import type { InputSerdes } from './schema-waits.ts'
import { WatermarkBroadcast } from './watermark-broadcast.ts'

/** What a worker lends its tasks. */
export interface TaskSurroundings {
  readonly now: () => number
  readonly serdesOf: (topic: string) => InputSerdes
  readonly writerOf: (topic: string) => RecordWriter
  readonly deadLetters: DeadLetterWriter
  readonly deadLetterTopic: string
  readonly globalTable: (topic: string) => ReadonlyMap<unknown, unknown>
  /** Share of bad records, per 1,000, above which a task halts rather than drain its topic into the dead letters. */
  readonly badLimit: number
  readonly watermarkIntervalMs: number
  readonly windowsAtOnce: number
  readonly nodes: NodeObserver
}

/** What one commit holds of a task. */
export interface TaskCommit {
  readonly task: Task
  /** Encoded. */
  readonly marker: Buffer
  readonly positions: readonly Position[]
  readonly changes: Changes
  readonly counted: readonly NewCount[]
}

/** What the take-over of a task has established. */
export interface Claim {
  /** Offset of our fence: the fencing token. */
  readonly token: number
  /** Next changelog offset: the backend is the fold of everything below. */
  readonly offset: number
  readonly changelogId: string
  readonly marker: Marker
  /** Fences of the writers we fenced: deleted by the first commit. */
  readonly oldFences: readonly Writer[]
}

export class Task implements TaskContext, InputEvents {
  readonly task: TaskId
  readonly name: string
  readonly subtopology: Subtopology
  readonly state: TaskState
  readonly stores: TaskStores
  readonly inputs: readonly Input[]
  readonly time: EventTime
  readonly accounting: Accounting
  readonly claim: Claim
  /** Next changelog offset; moves with each commit. */
  changelogOffset: number
  oldFences: readonly Writer[]
  private readonly around: TaskSurroundings
  private readonly graph: OperatorGraph
  private readonly columns = new RecordColumns()
  /** State that has to be asked is asked once a batch. */
  private readonly rowsAtATime: number
  private readonly badShare: BadShare
  private readonly broadcast: WatermarkBroadcast
  private reading: Input | undefined
  private touched = false
  /** When the batch in hand was begun, ms UTC: one look at the clock a batch. */
  private batchAt = 0
  /** Control records of the batch that is being read: they are no data. */
  private watermarksHeard = 0
  private committedPositions: readonly Position[] = []
  private readonly idleTopics = new Set<string>()
  /** What operators see as the watermark, and up to where all of them are done with it. */
  private advancingTo: number
  private advancedTo: number

  constructor(
    subtopology: Subtopology,
    partition: number,
    state: TaskState,
    claim: Claim,
    feeders: readonly TaskId[],
    starts: ReadonlyMap<string, InputStart>,
    around: TaskSurroundings,
  ) {
    this.subtopology = subtopology
    this.task = { subtopology: subtopology.id, partition }
    this.name = taskName(this.task)
    this.state = state
    this.rowsAtATime = state.isResident ? SLICE_ROWS : Number.POSITIVE_INFINITY
    this.claim = claim
    this.changelogOffset = claim.offset
    this.oldFences = claim.oldFences
    this.around = around
    this.badShare = new BadShare(around.badLimit)
    this.stores = new TaskStores(subtopology.stores, state, () => ({
      token: claim.token,
      offset: this.changelogOffset,
    }))
    this.inputs = subtopology.sources.map(
      (node) =>
        new Input(node, partition, around.serdesOf(node.topic.name), startOf(node.topic.name, claim.marker, starts)),
    )
    this.time = restoredTime(this.inputs, feeders, claim.marker)
    const { closing } = claim.marker
    this.advancedTo = closing === undefined ? this.time.watermark() : (closing.from ?? Number.NEGATIVE_INFINITY)
    this.advancingTo = this.time.watermark()
    this.accounting = new Accounting(claim.marker.counts)
    this.broadcast = new WatermarkBroadcast(
      this.task,
      repartitionWriters(subtopology, around),
      around.watermarkIntervalMs,
    )
    this.graph = new OperatorGraph(
      subtopology,
      this,
      { accounting: this.accounting, observer: around.nodes },
      {
        write: (node, record) => around.writerOf(node.topic.name).write(record, this.batchAt),
        sink: () => assert(false, 'a sink stands in its own sub-topology'),
      },
    )
  }

  async restore(): Promise<void> {
    await this.graph.restore(this.claim.marker)
  }

  positions(): Position[] {
    return this.inputs.map(positionOf)
  }

  /** Where to read on: nowhere while windows close. While an input waits for a schema it is nowhere, lest others run ahead of what they are joined with; then that input is first. */
  wanted(): Position[] {
    if (this.isClosing) return []
    const waiting = this.inputs.filter((input) => input.isWaiting)
    if (!waiting.every((input) => input.mayRead())) return []
    return (waiting.length > 0 ? waiting : this.inputs).map(positionOf)
  }

  /** R1–R3: reads what was fetched from the expected position on, and processes it into buffers. Returns whether there was anything. */
  async process(fetched: FetchedPartition): Promise<boolean> {
    if (this.inputs.some((input) => input.isWaiting)) return false
    const input = this.inputs.find(({ topic }) => topic === fetched.topic)
    assert(input !== undefined, `task ${this.name} does not read ${fetched.topic}`)
    this.batchAt = this.around.now()
    const from = input.position
    for (const next of committedBatches(fetched, from, this.columns)) {
      if (this.columns.count > 0) await this.processBatch(input)
      if (input.isWaiting) break
      input.position = next
    }
    const found = input.position > from || input.isWaiting
    if (found) {
      this.touched = true
      this.idleTopics.delete(input.topic)
    }
    input.reached(fetched.lastStableOffset, this.batchAt)
    if (input.isWaiting) for (const other of this.inputs) other.leftAlone()
    return found
  }

  private async processBatch(input: Input): Promise<void> {
    this.reading = input
    this.watermarksHeard = 0
    for (const rows of slicesOf(this.columns.count, this.rowsAtATime)) {
      await this.graph.run(input.node, input.read(this.columns, this.time, this, rows))
      if (input.isWaiting) break
    }
    this.accounting.add(input.node.name, 'in', input.nextRow - this.watermarksHeard)
    this.badShare.recordSeen(input.nextRow)
  }

  /** Whether a commit would write anything. */
  hasWork(now: number): boolean {
    return (
      this.touched || this.isClosing || this.broadcast.isDue(this.time.watermark(this.idleTopics), this.status(), now)
    )
  }

  /** The end of R3: what time and coalescing release, and the word to the tasks behind. */
  async beforeCommit(now: number): Promise<void> {
    this.batchAt = now
    this.reading = undefined
    if (!this.isClosing) this.advancingTo = this.time.watermark(this.idleTopics)
    const isAdvanced = this.advancingTo <= this.advancedTo || (await this.graph.advance(this.advancingTo)) === 'done'
    if (isAdvanced) {
      this.advancedTo = this.advancingTo
      await this.graph.tick(now)
    }
    await this.graph.flush()
    // Whoever hears of a watermark must have got everything that was due at it.
    if (this.broadcast.isDue(this.advancedTo, this.status(), now))
      this.broadcast.tell(this.advancedTo, this.status(), now)
  }

  /** More windows are due than one commit closes. Until they are closed it reads nothing, so that no record meets them half closed. */
  get isClosing(): boolean {
    return this.graph.closingNode !== undefined
  }

  /** R4 (a): what was processed so far leaves the task, which goes on with the next commit's. */
  takeCommit(): TaskCommit {
    this.touched = false
    return {
      task: this,
      marker: encodeMarker(this.toMarker()),
      positions: this.positions(),
      changes: this.stores.take(),
      counted: this.accounting.takeNew(),
    }
  }

  private toMarker(): Marker {
    const { closingNode } = this.graph
    return {
      inputs: Object.fromEntries(this.inputs.map((input) => [input.topic, input.toMarker(this.time)])),
      upstream: this.time.heard(),
      watermark: finite(this.advancingTo),
      ...(closingNode === undefined ? {} : { closing: { node: closingNode, from: finite(this.advancedTo) } }),
      open: this.graph.openSpans(),
      counts: this.accounting.totals(),
    }
  }

  /** Committed positions in repartition topics. */
  committedInputs(): readonly Position[] {
    return this.committedPositions
  }

  get changelogTopic(): string {
    return this.subtopology.changelog?.name ?? ''
  }

  /** R5 is done: the backend holds everything below `changelogOffset`. */
  committed(changelogOffset: number, positions: readonly Position[]): void {
    this.changelogOffset = changelogOffset
    this.oldFences = []
    this.stores.clear()
    this.committedPositions = positions.filter((_, i) => this.inputs[i]?.hasClock === false)
  }

  /** Right after an empty fetch: inputs that have been read to their end for `idleAfterMs` no longer hold the watermark back. */
  declareIdle(now: number, idleAfterMs: number): void {
    for (const input of this.inputs) {
      input.foundNothing(now)
      if (input.hasClock && input.isDrainedSince(now - idleAfterMs)) this.idleTopics.add(input.topic)
    }
  }

  /** Whether everything has been read that was there when its partitions were last fetched. */
  get isDrained(): boolean {
    return this.inputs.every((input) => input.isDrained)
  }

  private status(): UpstreamStatus {
    const sourcesIdle = this.inputs.every(({ hasClock, topic }) => !hasClock || this.idleTopics.has(topic))
    return sourcesIdle && this.time.upstreamIdle() ? 'idle' : 'active'
  }

  openWindows(): Record<string, number> {
    return this.graph.openWindows()
  }

  // ---- TaskContext

  watermark(): number {
    return this.advancingTo
  }

  get windowsAtOnce(): number {
    return this.around.windowsAtOnce
  }

  count(node: string, outcome: Outcome, by = 1): void {
    this.accounting.add(node, outcome, by)
  }

  late(node: string, byMs: number): void {
    this.around.nodes.late(node, byMs)
  }

  globalTable(topic: string): ReadonlyMap<unknown, unknown> {
    return this.around.globalTable(topic)
  }

  place(record: StreamRecord): RecordContext {
    const { reading } = this
    const known = reading !== undefined && record.row >= 0
    return {
      topic: known ? reading.topic : '',
      partition: this.task.partition,
      offset: known ? this.columns.offset(record.row) : -1,
      timestamp: record.timestamp,
      ingestedAt: record.ingestedAt,
    }
  }

  deadLetter(
    record: StreamRecord,
    letter: { readonly node: string; readonly reason: string; readonly message: string; readonly topic?: string },
  ): void {
    if (this.reading === undefined || record.row < 0)
      throw new StreamsError(
        'output_rejected',
        `${letter.node} cannot write a result that no single record caused: ${letter.message}`,
      )
    this.reject(record.row, letter.topic ?? this.around.deadLetterTopic, letter)
  }

  // ---- InputEvents

  rejectRow(row: number, node: string, reason: string, message: string): void {
    this.reject(row, this.around.deadLetterTopic, { node, reason, message })
  }

  skipTombstone(node: string): void {
    this.accounting.add(node, 'tombstone')
  }

  hearWatermark({ subtopology, partition, watermark, status }: EngineHeader): void {
    this.watermarksHeard++
    this.time.hear(taskName({ subtopology, partition }), watermark, status)
  }

  private reject(
    row: number,
    topic: string,
    why: { readonly node: string; readonly reason: string; readonly message: string },
  ): void {
    const { reading, columns } = this
    assert(reading !== undefined, 'only a record that is being read can be rejected')
    this.accounting.add(why.node, `dead_letter:${why.reason}`)
    this.badShare.recordBad(`${why.reason}: ${why.message}`)
    this.around.deadLetters.write(
      topic,
      { columns, row, topic: reading.topic, partition: this.task.partition },
      why,
      this.batchAt,
    )
  }
}

function positionOf({ topic, partition, position }: Input): Position {
  return { topic, partition, offset: position }
}

function finite(time: number): number | null {
  return Number.isFinite(time) ? time : null
}

/** A sub-topology may write to several repartition topics: all of them hear how far it is. */
function repartitionWriters({ nodes }: Subtopology, { writerOf }: TaskSurroundings): RecordWriter[] {
  return nodes.flatMap((node) =>
    node.kind === 'write' && node.topic.role === 'repartition' ? [writerOf(node.topic.name)] : [],
  )
}

function restoredTime(
  inputs: readonly Input[],
  feeders: readonly TaskId[],
  { inputs: read, upstream, watermark }: Marker,
): EventTime {
  const clocked = inputs.filter(({ hasClock }) => hasClock).map(({ topic }) => topic)
  const time = new EventTime(clocked, feeders)
  const clocks = Object.fromEntries(Object.entries(read).map(([topic, { clock }]) => [topic, clock]))
  time.restore(clocks, upstream, watermark)
  return time
}
