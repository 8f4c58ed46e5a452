// One cluster with the readings topology on it: applications that start, work, fail and die there, and what they leave behind.
import { ManualClock } from '../../core/clock.ts'
import { type Logger, silentLogger } from '../../core/logger.ts'
import { seededRandom } from '../../core/random.ts'
import { type EmbeddedCluster, openEmbeddedCluster } from '../../kafka/embedded/embedded-cluster.ts'
import { Application, type ApplicationOptions } from '../../runtime/application.ts'
import { prepareTopics } from '../../runtime/internal-topics.ts'
import { TopicReader, TopicWriter } from '../../runtime/topic-io.ts'
import { type EmbeddedRegistry, openEmbeddedRegistry } from '../../serdes/registry/embedded.ts'
import { MemorySink } from '../../sinks/memory-sink.ts'
import { MemoryBackend } from '../../state/memory/memory-backend.ts'
import { hourly, passedOn, Reading, readings, readingsTopology, rows } from './readings.ts'

export const now = Date.UTC(2026, 0, 1)

export class Meters {
  readonly clock: ManualClock
  readonly cluster: EmbeddedCluster
  readonly sink = new MemorySink()
  /** Messages of all applications, in order. */
  readonly log: string[] = []
  private readonly registry: EmbeddedRegistry
  private readonly topology = readingsTopology()
  private starts = 0

  private constructor(clock: ManualClock, cluster: EmbeddedCluster, registry: EmbeddedRegistry) {
    this.clock = clock
    this.cluster = cluster
    this.registry = registry
  }

  static async open(): Promise<Meters> {
    const clock = new ManualClock(now)
    const cluster = await openEmbeddedCluster({ clock, random: seededRandom(1) })
    await prepareTopics(cluster.admin, readingsTopology().topics)
    return new Meters(clock, cluster, await openEmbeddedRegistry())
  }

  /** Default: state of its own, in memory. */
  start(options: Partial<ApplicationOptions> = {}): Promise<Application> {
    const { cluster, registry, clock, topology, sink, log } = this
    const logger: Logger = { ...silentLogger, info: (message) => void log.push(message) }
    return Application.start({
      ...{ topology, cluster, registry, clock, sink, logger },
      backend: new MemoryBackend(),
      random: seededRandom(2 + this.starts++),
      ...options,
      config: { commitIntervalMs: 0, watermarkIntervalMs: 0, ...options.config },
    })
  }

  async settle(application: Application): Promise<void> {
    while ((await application.step()) || !(await application.isCaughtUp()));
  }

  /** `at`: event time of all of them. */
  async write(notes: readonly string[], at = now - 1000): Promise<void> {
    const topic = this.topic(readings.name)
    const producer = await this.cluster.initProducer({ transactionalId: 'input', transactionTimeoutMs: 60_000 })
    const writer = new TopicWriter<string, Reading>(topic, await topic.serdes(this.registry), producer)
    const value = (note: string) => new Reading({ at, value: 0, total: 0, note, tags: {} })
    await writer.write(notes.map((note) => ({ key: 'k', value: value(note), timestamp: now, ingestedAt: now })))
  }

  /** The notes that were passed on, in order; the last count of the hour; the note in the table. */
  async left(): Promise<{ readonly notes: readonly unknown[]; readonly count: unknown; readonly row: unknown }> {
    const notes = (await this.read(passedOn.name)).map((value) => (value as Reading).note)
    const last = (await this.read(hourly.name)).at(-1) as { value: number } | undefined
    return { notes, count: last?.value, row: this.sink.rows(rows)[0]?.note }
  }

  private async read(name: string): Promise<unknown[]> {
    const topic = this.topic(name)
    const reader = new TopicReader<unknown, unknown>(topic, await topic.serdes(this.registry), this.cluster)
    return (await reader.readAll()).map(({ value }) => value)
  }

  private topic(name: string) {
    const topic = this.topology.topics.find((one) => one.name === name)
    if (topic === undefined) throw new Error(`there is no topic ${name}`)
    return topic
  }
}
