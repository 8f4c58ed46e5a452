// What users test with: a whole topology on an embedded cluster in memory, several partitions, a clock that they move, crash and restart in one call.
//
//   const driver = await TopologyTestDriver.open(topology)
//   await driver.input(orders).pipe({ key: 'o1', value: new Order({ … }), timestamp: at('09:10') })
//   expect(await driver.output(totals).read()).toEqual([…])

import { assert } from './core/assert.ts'
import { ManualClock } from './core/clock.ts'
import { seededRandom } from './core/random.ts'
import { type EmbeddedCluster, openEmbeddedCluster } from './kafka/embedded/embedded-cluster.ts'
import { Application } from './runtime/application.ts'
import type { ApplicationSnapshot } from './runtime/snapshot.ts'
import { TopicReader, type TopicRecord, TopicWriter } from './runtime/topic-io.ts'
import type { WorkerConfig } from './runtime/worker-options.ts'
import { openEmbeddedRegistry } from './serdes/registry/embedded.ts'
import type { SchemaRegistry } from './serdes/schema-registry.ts'
import { MemorySink } from './sinks/memory-sink.ts'
import type { SinkTable } from './sinks/sink.ts'
import type { KeyValueStoreDefinition, StoreDefinition, WindowStoreDefinition } from './state/definitions.ts'
import { MemoryBackend } from './state/memory/memory-backend.ts'
import type { CompiledTopology, PhysicalTopic } from './topology/graph.ts'
import type { Topic, WritableTopic } from './topology/topic.ts'

export { ManualClock } from './core/clock.ts'
export { seededRandom } from './core/random.ts'
export { openEmbeddedCluster } from './kafka/embedded/embedded-cluster.ts'
export type { TopicRecord } from './runtime/topic-io.ts'
export { MemorySink } from './sinks/memory-sink.ts'

export interface TestDriverOptions {
  /** Where the clock begins, ms UTC. Default 2026-01-01T00:00Z. */
  readonly startAt?: number
  /** Default 1. */
  readonly seed?: number
  readonly config?: Partial<WorkerConfig>
  /** Default: one in memory. */
  readonly registry?: SchemaRegistry
}

export interface TestRecord<K, V> {
  readonly key: K
  readonly value: V | undefined
  /** Event time, ms UTC; default: the clock's. A topic whose definition has a `timestamp` takes it from the value. */
  readonly timestamp?: number
  /** Default: as the key says. */
  readonly partition?: number
}

/** Turns without anything happening before a topology counts as settled; and the most it may take. */
const TURNS_MAX = 10_000

export class TopologyTestDriver {
  readonly clock: ManualClock
  readonly cluster: EmbeddedCluster
  private readonly topology: CompiledTopology
  private readonly registry: SchemaRegistry
  private readonly options: TestDriverOptions
  private readonly sink = new MemorySink()
  private readonly inputs = new Map<string, TopicWriter<unknown, unknown>>()
  private readonly outputs = new Map<string, TopicReader<unknown, unknown>>()
  private application: Application

  private constructor(parts: {
    topology: CompiledTopology
    cluster: EmbeddedCluster
    registry: SchemaRegistry
    clock: ManualClock
    options: TestDriverOptions
    application: Application
    sink: MemorySink
  }) {
    this.topology = parts.topology
    this.cluster = parts.cluster
    this.registry = parts.registry
    this.clock = parts.clock
    this.options = parts.options
    this.application = parts.application
    this.sink = parts.sink
  }

  static async open(topology: CompiledTopology, options: TestDriverOptions = {}): Promise<TopologyTestDriver> {
    const clock = new ManualClock(options.startAt ?? Date.UTC(2026, 0, 1))
    const cluster = await openEmbeddedCluster({ clock, random: seededRandom(options.seed ?? 1) })
    const registry = options.registry ?? (await openEmbeddedRegistry())
    const sink = new MemorySink()
    const application = await startApplication({ topology, cluster, registry, clock, options, sink })
    return new TopologyTestDriver({ topology, cluster, registry, clock, options, application, sink })
  }

  /** Records written here are processed and committed before `pipe` returns. */
  input<K, V>(topic: Topic<K, V>): { pipe(...records: readonly TestRecord<K, V>[]): Promise<void> } {
    return {
      pipe: async (...records) => {
        const writer = await this.writer(topic.name)
        const now = this.clock.now()
        await writer.write(records.map((record) => ({ timestamp: now, ingestedAt: now, ...record })))
        await this.settle()
      },
    }
  }

  /** What has been committed to the topic since the last `read`, partition by partition. */
  output<K, V>(topic: Topic<K, V> | WritableTopic<K, V>): { read(): Promise<TopicRecord<K, V>[]> } {
    return {
      read: async () => {
        await this.settle()
        // The definition says what its topic holds.
        return (await (await this.reader(topic.name)).readAll()) as TopicRecord<K, V>[]
      },
    }
  }

  /** Reads a store, whichever task holds the key. */
  store<K, V>(definition: KeyValueStoreDefinition<K, V>): { entries(): Promise<Map<K, V>> } {
    return {
      entries: async () => {
        const entries = new Map<K, V>()
        for (const task of this.tasksWith(definition))
          await task.stores.keyValue(definition).scan((key, value) => entries.set(key, value))
        return entries
      },
    }
  }

  /** Reads a window store: by key, then by window start (ms UTC). */
  windows<K, V>(
    definition: WindowStoreDefinition<K, V>,
  ): { entries(): Promise<{ key: K; start: number; value: V }[]> } {
    return {
      entries: async () => {
        const entries: { key: K; start: number; value: V }[] = []
        for (const task of this.tasksWith(definition))
          await task.stores.window(definition).scan((key, start, value) => entries.push({ key, start, value }))
        return entries
      },
    }
  }

  /** The rows of a sink's table as they are now. */
  rows(table: SinkTable): readonly Readonly<Record<string, unknown>>[] {
    return this.sink.rows(table)
  }

  /** What the application tells about itself: its tasks, and what became of the records at each step. */
  snapshot(): ApplicationSnapshot {
    return this.application.snapshot()
  }

  /** Moves the clock, and lets the topology do what is due. */
  async advance(ms: number): Promise<void> {
    this.clock.advance(ms)
    await this.settle()
  }

  /** Kills the application where it stands, as kill -9 would: nothing is committed, released or closed. The next call starts it again. */
  async crash(): Promise<void> {
    const { topology, cluster, registry, clock, options, sink } = this
    this.application = await startApplication({ topology, cluster, registry, clock, options, sink })
    await this.settle()
  }

  async close(): Promise<void> {
    await this.application.close()
    await this.cluster.close()
  }

  /** Runs until nothing is left to do at this moment of the clock; a schema that the registry did not give is asked for again when the clock has moved. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < TURNS_MAX; turn++) {
      if (await this.application.step()) continue
      if (this.snapshot().awaitedSchemas.length > 0 || (await this.application.isCaughtUp())) return
    }
    assert(false, `the topology does not settle within ${TURNS_MAX} turns`)
  }

  private tasksWith(definition: StoreDefinition) {
    return this.application.worker.tasks.filter(({ subtopology }) =>
      subtopology.stores.some(({ name }) => name === definition.name),
    )
  }

  private async writer(name: string): Promise<TopicWriter<unknown, unknown>> {
    const known = this.inputs.get(name)
    if (known !== undefined) return known
    const topic = this.topic(name)
    const producer = await this.cluster.initProducer({
      transactionalId: `test-input-${name}`,
      transactionTimeoutMs: 60_000,
    })
    const writer = new TopicWriter<unknown, unknown>(topic, await topic.serdes(this.registry), producer)
    this.inputs.set(name, writer)
    return writer
  }

  private async reader(name: string): Promise<TopicReader<unknown, unknown>> {
    const known = this.outputs.get(name)
    if (known !== undefined) return known
    const topic = this.topic(name)
    const reader = new TopicReader<unknown, unknown>(topic, await topic.serdes(this.registry), this.cluster)
    this.outputs.set(name, reader)
    return reader
  }

  private topic(name: string): PhysicalTopic {
    const topic = this.topology.topics.find((one) => one.name === name)
    assert(topic !== undefined, `the topology has no topic ${name}`)
    return topic
  }
}

function startApplication(parts: {
  topology: CompiledTopology
  cluster: EmbeddedCluster
  registry: SchemaRegistry
  clock: ManualClock
  options: TestDriverOptions
  sink: MemorySink
}): Promise<Application> {
  const { topology, cluster, registry, clock, options, sink } = parts
  return Application.start({
    topology,
    cluster,
    registry,
    clock,
    sink,
    backend: new MemoryBackend(),
    random: seededRandom((options.seed ?? 1) + 1),
    config: { commitIntervalMs: 0, watermarkIntervalMs: 0, idleAfterMs: Number.POSITIVE_INFINITY, ...options.config },
  })
}
