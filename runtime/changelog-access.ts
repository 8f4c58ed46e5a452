// A take-over's view of one changelog partition: what stands there, the fence, and what a backend has to catch up on.
import { assert } from '../core/assert.ts'
import { Retriable } from '../core/errors.ts'
import { type Random, randomUuid } from '../core/random.ts'
import type {
  Cluster,
  FetchedPartition,
  Isolation,
  LogReader,
  ProducedBatch,
  TopicDescription,
} from '../kafka/cluster.ts'
import { committedBatches } from '../kafka/committed-batches.ts'
import { RecordBatchWriter } from '../kafka/record-batch/record-batch-writer.ts'
import { RecordColumns } from '../kafka/record-batch/record-columns.ts'
import type { Changes, TaskState, Writer } from '../state/backend.ts'
import { appendFence } from '../state/changelog.ts'
import { ChangelogRow, readChangelogRow } from '../state/changelog-row.ts'
import { FetchesKept } from './fetches-kept.ts'
import type { ChangelogAccess } from './take-over.ts'
import type { LogEntry } from './writers-seen.ts'

export interface ChangelogPlace {
  readonly cluster: Cluster
  readonly reader: LogReader
  readonly topic: TopicDescription
  readonly partition: number
  readonly writer: Writer
  /** In a transaction of this writer's. Returns the fence's offset. */
  readonly writeFence: (fence: ProducedBatch) => Promise<number>
  readonly topologyHash: string
  readonly state: TaskState
  readonly now: () => number
  readonly random: Random
}

type FetchAt = (position: number) => Promise<FetchedPartition | undefined>

/** What is fetched at a time is applied at a time, and the running tasks of the worker wait for it. */
const FETCH_BYTES = 1024 * 1024
const FETCH_WAIT_MS = 100
/** Answers without progress before a read gives up for now. */
const EMPTY_ANSWERS_MAX = 50

export function changelogAccess(place: ChangelogPlace): ChangelogAccess {
  const { cluster, topic, partition, writer } = place
  const at = { topic: topic.name, partition }
  const kept = new FetchesKept()
  const fetchAndKeep: FetchAt = async (position) => {
    const fetched = await fetchFrom(place, position, 'read_committed')
    if (fetched !== undefined) kept.keep(position, fetched)
    return fetched
  }
  const fetchUnlessKept: FetchAt = async (position) =>
    kept.take(position) ?? (await fetchFrom(place, position, 'read_committed'))
  return {
    topicId: topic.id,
    offsets: async () => {
      const [offsets] = await cluster.admin.offsets([at])
      assert(offsets !== undefined, 'offsets are answered in the order asked')
      return { stable: offsets.stable, end: offsets.latest }
    },
    look: async (from, stable, to) => [
      ...(await lookBetween(place, from, Math.min(stable, to), 'read_committed', fetchAndKeep)),
      ...(await lookBetween(place, Math.max(from, stable), to, 'read_uncommitted')),
    ],
    writeFence: () => {
      const records = new RecordBatchWriter()
      appendFence(records, place.now(), { writer, nonce: randomUuid(place.random), topologyHash: place.topologyHash })
      return place.writeFence({ ...at, records })
    },
    restore: async (from, upTo, apply) => {
      const row = new ChangelogRow()
      const columns = new RecordColumns()
      const before = await place.state.checkpoint()
      let last: EngineState = { marker: before?.marker, writer: before?.writer, appendedAt: before?.appendedAt ?? 0 }
      for await (const next of walk(place, from, upTo + 1, fetchUnlessKept, columns)) {
        const changes = new RowChanges(columns, row, upTo)
        const to = Math.min(next.position, upTo + 1)
        last = changes.after(last)
        const move = { from: next.from, to, ...last }
        await apply({ from: next.from, to, apply: (token) => place.state.apply(changes, { token, ...move }) })
      }
      const behind = await lookBetween(
        place,
        upTo + 1,
        (await cluster.admin.offsets([at]))[0]?.stable ?? 0,
        'read_committed',
      )
      return { newer: behind.find((entry) => entry.writer.transactionalId !== writer.transactionalId)?.writer }
    },
  }
}

async function lookBetween(
  place: ChangelogPlace,
  from: number,
  to: number,
  isolation: Isolation,
  fetchAt: FetchAt = (position) => fetchFrom(place, position, isolation),
): Promise<LogEntry[]> {
  const entries: LogEntry[] = []
  const row = new ChangelogRow()
  const columns = new RecordColumns()
  for await (const _ of walk(place, from, to, fetchAt, columns)) {
    for (let i = 0; i < columns.count && columns.offset(i) < to; i++) {
      readChangelogRow(columns, i, row)
      if (row.kind === 'put' || row.kind === 'delete') continue
      const kind = row.kind === 'fence tombstone' ? 'fence' : row.kind
      entries.push({
        kind,
        offset: row.offset,
        writer: row.writer,
        decided: isolation === 'read_committed',
        deleted: row.kind === 'fence tombstone',
      })
    }
  }
  return entries
}

/** Walks the batches from `from` until the position is at or behind `to`; before each step the batch is in `columns`. */
async function* walk(
  place: ChangelogPlace,
  from: number,
  to: number,
  fetchAt: FetchAt,
  columns: RecordColumns,
): AsyncGenerator<{ from: number; position: number }> {
  let position = from
  for (let empty = 0; position < to; ) {
    const before = position
    const fetched = await fetchAt(position)
    if (fetched !== undefined)
      for (const next of committedBatches(fetched, position, columns)) {
        yield { from: position, position: next }
        position = next
        if (position >= to) return
      }
    empty = position > before ? 0 : empty + 1
    if (empty > EMPTY_ANSWERS_MAX)
      throw new Retriable('changelog_stalled', `the changelog gives nothing between ${position} and ${to}`, {
        topicPartition: { topic: place.topic.name, partition: place.partition },
      })
  }
}

async function fetchFrom(
  { reader, topic, partition }: ChangelogPlace,
  offset: number,
  isolation: Isolation,
): Promise<FetchedPartition | undefined> {
  const [fetched] = await reader.fetch([{ topic: topic.name, partition, offset }], {
    isolation,
    maxBytes: FETCH_BYTES,
    maxBytesPerPartition: FETCH_BYTES,
    maxWaitMs: FETCH_WAIT_MS,
  })
  return fetched
}

/** The store records among a batch's rows, up to and including `upTo`, as changes for a backend. */
class RowChanges implements Changes {
  private readonly columns: RecordColumns
  private readonly row: ChangelogRow
  private readonly rows: number

  constructor(columns: RecordColumns, row: ChangelogRow, upTo: number) {
    this.columns = columns
    this.row = row
    let rows = columns.count
    while (rows > 0 && columns.offset(rows - 1) > upTo) rows--
    this.rows = rows
  }

  get count(): number {
    return this.rows
  }

  forEach(visit: Parameters<Changes['forEach']>[0]): void {
    const { row } = this
    for (let i = 0; i < this.rows; i++) {
      readChangelogRow(this.columns, i, row)
      if (row.kind === 'put')
        visit(row.store, row.buffer, row.keyStart, row.keyEnd, row.buffer, row.valueStart, row.valueEnd)
      else if (row.kind === 'delete') visit(row.store, row.buffer, row.keyStart, row.keyEnd, undefined, 0, 0)
    }
  }

  /** What the engine's own records among the rows leave behind. */
  after(before: EngineState): EngineState {
    let { marker, writer } = before
    for (let i = 0; i < this.rows; i++) {
      if (this.columns.buffer[this.columns.keyStart[i] as number] !== 0) continue
      readChangelogRow(this.columns, i, this.row)
      if (this.row.kind === 'marker') marker = Buffer.from(this.row.content)
      if (this.row.kind !== 'fence tombstone') writer = this.row.kind === 'release' ? undefined : this.row.writer
    }
    const appendedAt =
      this.rows > 0 ? Math.max(before.appendedAt, this.columns.timestamp(this.rows - 1)) : before.appendedAt
    return { marker, writer, appendedAt }
  }
}

interface EngineState {
  readonly marker: Buffer | undefined
  readonly writer: Writer | undefined
  readonly appendedAt: number
}
