// Global tables: every worker holds the whole topic, loaded to a pinned end before the first task runs, then followed between batches.
import { assert } from '../core/assert.ts'
import { Retriable } from '../core/errors.ts'
import type { Cluster, LogReader, PartitionOffsets } from '../kafka/cluster.ts'
import { committedBatches } from '../kafka/committed-batches.ts'
import { RecordColumns } from '../kafka/record-batch/record-columns.ts'
import type { SourceNode } from '../topology/graph.ts'
import { EventTime } from './event-time.ts'
import { Input } from './input.ts'
import type { InputSerdes } from './schema-waits.ts'

const FETCH_BYTES = 4 * 1024 * 1024
const FETCH_WAIT_MS = 100
const EMPTY_ANSWERS_MAX = 50

export interface RefusedRow {
  readonly node: string
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly reason: string
  readonly message: string
}

export class GlobalTables {
  private readonly tables: readonly GlobalTable[]

  private constructor(tables: readonly GlobalTable[]) {
    this.tables = tables
  }

  /** A record that cannot be read stays in its topic, is told to `refused`, and changes no row. */
  static async load(
    cluster: Cluster,
    nodes: readonly SourceNode[],
    serdesOf: (topic: string) => InputSerdes,
    refused: (record: RefusedRow) => void,
  ): Promise<GlobalTables> {
    const tables = new GlobalTables(
      nodes.map((node) => new GlobalTable(node, serdesOf(node.topic.name), cluster.openReader(), refused)),
    )
    try {
      for (const table of tables.tables) await table.readAll(await rangesOf(cluster, table.node))
      return tables
    } catch (error) {
      await tables.close()
      throw error
    }
  }

  of(topic: string): ReadonlyMap<unknown, unknown> {
    const table = this.tables.find(({ node }) => node.topic.name === topic)
    assert(table !== undefined, `there is no global table on ${topic}`)
    return table.rows
  }

  /** The partitions of all of them. */
  get inputs(): readonly Input[] {
    return this.tables.flatMap(({ inputs }) => inputs)
  }

  /** Takes what has been appended meanwhile, without waiting for more; a partition that waits for a schema is left as it is. */
  async follow(): Promise<void> {
    for (const table of this.tables) await table.readOnce(0)
  }

  async close(): Promise<void> {
    for (const table of this.tables) await table.close()
  }
}

class GlobalTable {
  readonly node: SourceNode
  readonly rows = new Map<unknown, unknown>()
  readonly inputs: readonly Input[]
  private readonly reader: LogReader
  private readonly columns = new RecordColumns()
  private readonly time: EventTime
  private readonly refused: (record: RefusedRow) => void

  constructor(node: SourceNode, serdes: InputSerdes, reader: LogReader, refused: (record: RefusedRow) => void) {
    this.node = node
    this.refused = refused
    this.reader = reader
    this.time = new EventTime([node.topic.name], [])
    this.inputs = Array.from(
      { length: node.topic.partitions },
      (_, partition) => new Input(node, partition, serdes, { topicId: '', offset: 0 }),
    )
  }

  /** From where each log begins, which retention moves, to its end. */
  async readAll(ranges: readonly PartitionOffsets[]): Promise<void> {
    for (const input of this.inputs) input.position = ranges[input.partition]?.earliest ?? 0
    for (let empty = 0; this.inputs.some(({ partition, position }) => position < (ranges[partition]?.stable ?? 0)); ) {
      empty = (await this.readOnce(FETCH_WAIT_MS)) ? 0 : empty + 1
      for (const input of this.inputs) await requireSchema(input)
      if (empty > EMPTY_ANSWERS_MAX)
        throw new Retriable(
          'global_table_stalled',
          `the global table on ${this.node.topic.name} cannot be read to its end`,
        )
    }
  }

  async readOnce(maxWaitMs: number): Promise<boolean> {
    const inputs = this.inputs.filter((input) => input.mayRead())
    if (inputs.length === 0) return false
    const fetched = await this.reader.fetch(
      inputs.map(({ topic, partition, position }) => ({ topic, partition, offset: position })),
      { isolation: 'read_committed', maxBytes: FETCH_BYTES, maxBytesPerPartition: FETCH_BYTES, maxWaitMs },
    )
    let found = false
    for (const answer of fetched) {
      const input = this.inputs[answer.partition]
      assert(input !== undefined, 'a fetch answers what was asked')
      for (const next of committedBatches(answer, input.position, this.columns)) {
        found = true
        this.apply(input)
        if (input.isWaiting) break
        input.position = next
      }
    }
    return found
  }

  private apply(input: Input): void {
    const records = input.read(this.columns, this.time, {
      rejectRow: (row, node, reason, message) => {
        const { topic, partition } = input
        this.refused({ node, topic, partition, offset: this.columns.offset(row), reason, message })
      },
      skipTombstone: () => {},
      hearWatermark: () => {},
    })
    for (const { key, value } of records) {
      if (value === undefined) this.rows.delete(key)
      else this.rows.set(key, value)
    }
  }

  async close(): Promise<void> {
    await this.reader.close()
  }
}

/** Waits for the answer of the registry, if the next record needs it. @throws Retriable when there is none */
async function requireSchema(input: Input): Promise<void> {
  if (input.mayRead()) return
  const { waiting } = input
  await waiting?.asked
  if (!input.mayRead()) throw new Retriable('schema_awaited', waiting?.reason ?? '')
}

function rangesOf(cluster: Cluster, { topic }: SourceNode): Promise<PartitionOffsets[]> {
  const partitions = Array.from({ length: topic.partitions }, (_, partition) => ({ topic: topic.name, partition }))
  return cluster.admin.offsets(partitions)
}
