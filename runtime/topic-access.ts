// The topics of one application, prepared: created and checked, their serdes resolved, their descriptions at hand.
import { assert } from '../core/assert.ts'
import { systemClock } from '../core/clock.ts'
import { minutes } from '../core/duration.ts'
import { Retriable } from '../core/errors.ts'
import { silentLogger } from '../core/logger.ts'
import type { Admin, Cluster, TopicDescription } from '../kafka/cluster.ts'
import type { SchemaRegistry } from '../serdes/schema-registry.ts'
import type { CompiledTopology, Subtopology, TopicSerdes } from '../topology/graph.ts'
import { type DeadLetterTarget, DeadLetterWriter } from './dead-letters.ts'
import type { GlobalTables } from './global-tables.ts'
import { type InputStart, topicRecreated } from './input-start.ts'
import { type PrepareTopicsOptions, prepareTopics } from './internal-topics.ts'
import type { OutputBuffers } from './output-buffers.ts'
import { RecordWriter } from './record-writer.ts'
import { type InputSerdes, SchemaWaits } from './schema-waits.ts'
import type { StartPatience } from './start-patience.ts'
import type { TaskSurroundings } from './task.ts'
import { requireFit } from './topic-check.ts'
import { resolveSerdes } from './topic-schemas.ts'

export interface PrepareOptions extends Partial<StartPatience>, PrepareTopicsOptions {}

export class TopicAccess {
  private readonly admin: Admin
  private readonly topology: CompiledTopology
  private readonly descriptions: ReadonlyMap<string, TopicDescription>
  private readonly serdes: ReadonlyMap<string, InputSerdes>
  private readonly schemaListeners: (() => void)[] = []
  private globalTables: GlobalTables | undefined

  private constructor(
    admin: Admin,
    topology: CompiledTopology,
    descriptions: ReadonlyMap<string, TopicDescription>,
    serdes: ReadonlyMap<string, TopicSerdes>,
    { clock, logger }: Pick<StartPatience, 'clock' | 'logger'>,
  ) {
    this.admin = admin
    this.topology = topology
    this.descriptions = descriptions
    const onEnd = () => {
      for (const listener of this.schemaListeners) listener()
    }
    this.serdes = new Map(
      [...serdes].map(([topic, { key, value }]) => [
        topic,
        { key, value, schemas: new SchemaWaits({ topic, serde: value, clock, logger, onEnd }) },
      ]),
    )
  }

  /** Registers schemas, waiting for the registry, then creates missing topics and checks the others. A schema that does not fit leaves no topic behind. */
  static async prepare(
    cluster: Cluster,
    topology: CompiledTopology,
    registry: SchemaRegistry,
    options: PrepareOptions = {},
  ): Promise<TopicAccess> {
    const patience = { clock: systemClock, logger: silentLogger, waitMsMax: minutes(10), ...options }
    const serdes = await resolveSerdes(topology.topics, registry, patience)
    const descriptions = await prepareTopics(cluster.admin, topology.topics, options)
    return new TopicAccess(cluster.admin, topology, descriptions, serdes, patience)
  }

  /**
   * Whether topics are still what the start found: anybody may make them anew, add partitions that nobody would read, or have brokers delete
   * what is needed. Of one that is gone, its readers and writers tell. @throws StreamsError `topic_recreated`, `topic_mismatch`
   */
  async requireUnchanged(): Promise<void> {
    const { topics } = this.topology
    const found = await this.admin.describeTopics(topics.map(({ name }) => name)).catch((cause: unknown) => {
      // Whatever forbids a look, work goes on.
      throw new Retriable('topics_unknown', 'the topics cannot be described', { cause })
    })
    for (const topic of found)
      if (topic !== undefined && topic.id !== this.describe(topic.name).id) throw topicRecreated(topic.name)
    requireFit(topics, found)
  }

  withGlobalTables(tables: GlobalTables): this {
    this.globalTables = tables
    return this
  }

  describe(name: string): TopicDescription {
    const description = this.descriptions.get(name)
    assert(description !== undefined, `topic ${name} belongs to no topology`)
    return description
  }

  /** `listener` is called when a schema that records waited for has come, or never will. */
  onSchema(listener: () => void): void {
    this.schemaListeners.push(listener)
  }

  serdesOf(name: string): InputSerdes {
    const serdes = this.serdes.get(name)
    assert(serdes !== undefined, `topic ${name} has no serdes`)
    return serdes
  }

  /** Where each source topic of a task begins, for a task that has never run. */
  async starts(subtopology: Subtopology, partition: number): Promise<Map<string, InputStart>> {
    const names = subtopology.sources.map(({ topic }) => topic.name)
    const offsets = await this.admin.offsets(names.map((topic) => ({ topic, partition })))
    return new Map(
      names.map((name, i) => [name, { topicId: this.describe(name).id, earliest: offsets[i]?.earliest ?? 0 }]),
    )
  }

  surroundings(
    outputs: OutputBuffers,
    own: Pick<TaskSurroundings, 'now' | 'badLimit' | 'watermarkIntervalMs' | 'windowsAtOnce' | 'nodes'>,
  ): TaskSurroundings {
    const writers = new Map<string, RecordWriter>()
    for (const topic of this.topology.topics) {
      const serdes = this.serdes.get(topic.name)
      if (serdes !== undefined) writers.set(topic.name, new RecordWriter(topic, serdes, outputs))
    }
    return {
      ...own,
      serdesOf: (topic) => this.serdesOf(topic),
      writerOf: (topic) => {
        const writer = writers.get(topic)
        assert(writer !== undefined, `nobody writes to ${topic}`)
        return writer
      },
      deadLetters: new DeadLetterWriter(outputs, this.topology.hash, (topic) => this.deadLetterTarget(topic)),
      deadLetterTopic: this.topology.deadLetters.name,
      globalTable: (topic) => {
        assert(this.globalTables !== undefined, `there is no global table on ${topic}`)
        return this.globalTables.of(topic)
      },
    }
  }

  /** Only brokers refuse a batch for its size. */
  private deadLetterTarget(name: string): DeadLetterTarget {
    const { partitions, replication, config } = this.describe(name)
    return { partitions, batchBytesMax: replication === undefined ? Number.POSITIVE_INFINITY : config.maxMessageBytes }
  }
}
