// Reads a topic of the application and decodes it for people: what `tail` prints, whether it asks a server or opens the log itself.
import { StreamsError } from '../core/errors.ts'
import type { Cluster, FetchedPartition, FetchOptions, LogReader } from '../kafka/cluster.ts'
import { committedBatches } from '../kafka/committed-batches.ts'
import { RecordColumns } from '../kafka/record-batch/record-columns.ts'
import type { SchemaRegistry } from '../serdes/schema-registry.ts'
import { type Serde, UnresolvedSchema } from '../serdes/serde.ts'
import {
  formatPositions,
  type ReadTopic,
  type TopicAnswer,
  type TopicRecord,
  type TopicRequest,
} from '../server/topic-records.ts'
import type { CompiledTopology, PhysicalTopic, TopicSerdes } from '../topology/graph.ts'

const fetchOptions: FetchOptions = {
  isolation: 'read_committed',
  maxBytes: 1024 * 1024,
  maxBytesPerPartition: 1024 * 1024,
  maxWaitMs: 0,
}

/** One reader at a time for all who ask; it is closed with the cluster. */
export function topicReader(cluster: Cluster, registry: SchemaRegistry, topology: CompiledTopology): ReadTopic {
  const serdes = new Map<string, Promise<TopicSerdes | undefined>>()
  return async (request) => {
    const topic = topology.topics.find(({ name }) => name === request.topic)
    if (topic === undefined) return undefined
    const known = serdes.get(topic.name) ?? serdesOf(topic, registry)
    serdes.set(topic.name, known)
    const reader = cluster.openReader()
    try {
      const positions = await startPositions(cluster, topic, request)
      return await new Reading(reader, request, await known, positions).readAll()
    } finally {
      await reader.close()
    }
  }
}

/** A changelog holds bytes of many stores and has no serdes of its own. */
function serdesOf(topic: PhysicalTopic, registry: SchemaRegistry): Promise<TopicSerdes | undefined> {
  return topic.role === 'changelog' ? Promise.resolve(undefined) : topic.serdes(registry)
}

/** Asked positions that have left the log begin at its first offset. */
async function startPositions(
  cluster: Cluster,
  topic: PhysicalTopic,
  { from }: TopicRequest,
): Promise<Map<number, number>> {
  const [described] = await cluster.admin.describeTopics([topic.name])
  const partitions = Array.from({ length: described?.partitions ?? 0 }, (_, partition) => partition)
  const ends = await cluster.admin.offsets(partitions.map((partition) => ({ topic: topic.name, partition })))
  const startOf = (partition: number) => {
    const { earliest = 0, stable = 0 } = ends[partition] ?? {}
    if (from === 'beginning') return earliest
    return from === 'end' ? stable : Math.min(Math.max(from.get(partition) ?? earliest, earliest), stable)
  }
  return new Map(partitions.map((partition) => [partition, startOf(partition)]))
}

/** One request on its way through the log. */
class Reading {
  readonly records: TopicRecord[] = []
  private readonly columns = new RecordColumns()
  private readonly reader: LogReader
  private readonly request: TopicRequest
  private readonly serdes: TopicSerdes | undefined
  private readonly positions: Map<number, number>

  constructor(
    reader: LogReader,
    request: TopicRequest,
    serdes: TopicSerdes | undefined,
    positions: Map<number, number>,
  ) {
    this.reader = reader
    this.request = request
    this.serdes = serdes
    this.positions = positions
  }

  /** Until the limit, or until a fetch brings nothing new. */
  async readAll(): Promise<TopicAnswer> {
    const { topic } = this.request
    for (let moved = this.positions.size > 0; moved && !this.isFull(); ) {
      moved = false
      const asked = [...this.positions].map(([partition, offset]) => ({ topic, partition, offset }))
      for (const fetched of await this.reader.fetch(asked, fetchOptions)) moved = (await this.take(fetched)) || moved
    }
    return { topic, records: this.records, next: formatPositions(this.positions) }
  }

  private async take(fetched: FetchedPartition): Promise<boolean> {
    const { partition } = fetched
    const start = this.positions.get(partition) ?? 0
    for (const next of committedBatches(fetched, start, this.columns)) {
      if (this.isFull()) break
      const taken = await this.decodeRows(partition)
      this.positions.set(partition, taken < this.columns.count ? this.columns.offset(taken) : next)
    }
    return this.positions.get(partition) !== start
  }

  /** How many of the batch's rows there was room for. */
  private async decodeRows(partition: number): Promise<number> {
    let row = 0
    for (; row < this.columns.count && !this.isFull(); row++) this.records.push(await this.decodeRow(partition, row))
    return row
  }

  private async decodeRow(partition: number, row: number): Promise<TopicRecord> {
    const { buffer, keyStart, keyEnd, valueStart, valueEnd } = this.columns
    const key = await decode(this.serdes?.key, buffer, keyStart[row] ?? 0, keyEnd[row] ?? 0)
    const value = await decode(this.serdes?.value, buffer, valueStart[row] ?? 0, valueEnd[row] ?? 0)
    const problem = key.problem ?? value.problem
    return {
      partition,
      offset: this.columns.offset(row),
      timestamp: this.columns.timestamp(row),
      key: key.content,
      value: value.content,
      ...(problem === undefined ? {} : { problem }),
    }
  }

  private isFull(): boolean {
    return this.records.length >= this.request.limit
  }
}

interface Decoded {
  readonly content: unknown
  readonly problem?: string
}

async function decode(serde: Serde<unknown> | undefined, buffer: Buffer, start: number, end: number): Promise<Decoded> {
  if (end < start) return { content: null }
  if (serde === undefined) return { content: readable(buffer.subarray(start, end)) }
  try {
    return { content: plain(await readResolved(serde, buffer, start, end)) }
  } catch (error) {
    if (!(error instanceof StreamsError)) throw error
    return { content: readable(buffer.subarray(start, end)), problem: error.message }
  }
}

async function readResolved(serde: Serde<unknown>, buffer: Buffer, start: number, end: number): Promise<unknown> {
  try {
    return serde.read(buffer, start, end)
  } catch (error) {
    if (!(error instanceof UnresolvedSchema) || serde.resolve === undefined) throw error
    await serde.resolve(error.schemaId)
    return serde.read(buffer, start, end)
  }
}

/** Text where the bytes are text, else base64. */
function readable(bytes: Buffer): string {
  const text = bytes.toString('utf8')
  return Buffer.from(text, 'utf8').equals(bytes) && !/[^\P{Cc}\s]/u.test(text) ? text : bytes.toString('base64')
}

/** What JSON cannot hold becomes text; views on the fetched bytes become copies. */
function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value ?? null, (_, item: unknown) => (typeof item === 'bigint' ? `${item}` : item)))
}
