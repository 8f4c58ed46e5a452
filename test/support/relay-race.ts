// Workers that share the relay topology on real brokers, a load that never stops, and a watch on what they commit.
import { systemClock } from '../../core/clock.ts'
import { ProducerFenced } from '../../core/errors.ts'
import type { Logger } from '../../core/logger.ts'
import { taskName } from '../../core/topic-partition.ts'
import type { Cluster, GroupCoordinator } from '../../kafka/cluster.ts'
import { openRemoteCluster } from '../../kafka/remote/remote-cluster.ts'
import { Application } from '../../runtime/application.ts'
import { joinGroup } from '../../runtime/group-membership.ts'
import { prepareTopics } from '../../runtime/internal-topics.ts'
import { TopicReader, TopicWriter } from '../../runtime/topic-io.ts'
import { openEmbeddedRegistry } from '../../serdes/registry/embedded.ts'
import type { SchemaRegistry } from '../../serdes/schema-registry.ts'
import { MemoryBackend } from '../../state/memory/memory-backend.ts'
import { remoteOptions } from '../kafka/remote/remote-options.ts'
import { Baton, relayNamed } from './relay.ts'

/** Of a worker that dies: whoever comes back sooner takes its tasks back. */
export const SESSION_MS = 20_000
const KEYS = 60
const WRITE_EVERY_MS = 20
const LOOK_EVERY_MS = 5

type Brokers = Parameters<typeof remoteOptions>[0]

export interface Worker {
  readonly application: Application
  readonly startedAt: number
  /** Of the group, as it joined them. */
  readonly generations: readonly number[]
  /** Names of the tasks that run. */
  tasks(): string[]
  /** Releases everything and leaves. */
  stop(): Promise<void>
  /** Without a word to anybody. */
  kill(): Promise<void>
}

export class RelayRace {
  /** What all workers have logged. */
  readonly log: string[] = []
  /** When something was committed to each partition of `passed`, ms UTC. */
  readonly commits = new Map<number, number[]>()
  readonly numbers: number[] = []
  written = 0
  private readonly brokers: Brokers
  private readonly registry: SchemaRegistry
  private readonly cluster: Cluster
  private readonly relay: ReturnType<typeof relayNamed>
  private readonly ending = new AbortController()
  private readonly parts: Promise<void>[] = []

  private constructor(name: string, brokers: Brokers, cluster: Cluster, registry: SchemaRegistry) {
    this.relay = relayNamed(name)
    this.brokers = brokers
    this.cluster = cluster
    this.registry = registry
  }

  static async open(name: string, brokers: Brokers): Promise<RelayRace> {
    const cluster = await openRemoteCluster(remoteOptions(brokers))
    const race = new RelayRace(name, brokers, cluster, await openEmbeddedRegistry())
    await prepareTopics(cluster.admin, race.relay.topology.topics)
    race.parts.push(race.write(), race.watch())
    return race
  }

  async start(instanceId: string): Promise<Worker> {
    const { registry } = this
    const { topology } = this.relay
    const startedAt = Date.now()
    const cluster = await openRemoteCluster(remoteOptions(this.brokers))
    const generations: number[] = []
    const groups: GroupCoordinator = {
      join: async (request) => {
        const answer = await cluster.groups.join(request)
        generations.push(answer.generation)
        return answer
      },
      sync: (request) => cluster.groups.sync(request),
      heartbeat: (member) => cluster.groups.heartbeat(member),
      leave: (member) => cluster.groups.leave(member),
    }
    const membership = joinGroup(topology, {
      ...{ cluster: { groups }, instanceId, clock: systemClock },
      sessionTimeoutMs: SESSION_MS,
      rebalanceTimeoutMs: 20_000,
      heartbeatIntervalMs: 200,
    })
    const logger = this.loggerOf(instanceId)
    const backend = new MemoryBackend()
    const application = await Application.start({ topology, cluster, registry, backend, membership, logger })
    const running = application.run()
    const halt = async () => {
      application.stop()
      await running
    }
    return {
      application,
      startedAt,
      generations,
      tasks: () => application.worker.tasks.map(({ task }) => taskName(task)),
      stop: async () => {
        await halt()
        await application.close()
        await cluster.close()
      },
      kill: async () => {
        await halt()
        await cluster.close()
      },
    }
  }

  /** The longest time, ms, without a commit to one of these partitions of `passed`. */
  longestGap(partitions: readonly number[], from: number, to: number): number {
    const gaps = partitions.flatMap((partition) => {
      const times = (this.commits.get(partition) ?? []).filter((at) => at >= from && at <= to)
      return [from, ...times, to].slice(1).map((at, i) => at - ([from, ...times][i] ?? at))
    })
    return Math.max(...gaps)
  }

  /** Ends the load, and the watch when all of it has come through. */
  async finish(): Promise<void> {
    this.ending.abort()
    await Promise.all(this.parts)
  }

  async close(): Promise<void> {
    await this.cluster.close()
  }

  /** The last count of each key. */
  async counts(): Promise<Map<string, number>> {
    const reader = await this.reader<{ readonly key: string }, { readonly value: number }>(this.relay.totals)
    const counts = new Map<string, number>()
    for (const { key, value } of await reader.readAll()) counts.set(key.key, value?.value ?? 0)
    return counts
  }

  private async write(): Promise<void> {
    const topic = this.topic(this.relay.started)
    const serdes = await topic.serdes(this.registry)
    const open = async () => {
      const producer = await this.cluster.initProducer({ transactionalId: 'starter', transactionTimeoutMs: 60_000 })
      return new TopicWriter<string, Baton>(topic, serdes, producer)
    }
    for (let writer = await open(); !this.ending.signal.aborted; ) {
      const at = Date.now()
      const batons = Array.from({ length: KEYS }, (_, i) => new Baton({ at, number: this.written + i }))
      try {
        await writer.write(batons.map((value) => ({ key: keyOf(value.number), value, timestamp: at, ingestedAt: at })))
        this.written += KEYS
      } catch (error) {
        // A broker that is slow to end one transaction refuses to begin the next: nothing of it was committed.
        if (!(error instanceof ProducerFenced) || error.code !== 'concurrent_transactions') throw error
        writer = await open()
      }
      await systemClock.sleep(WRITE_EVERY_MS)
    }
  }

  private async watch(): Promise<void> {
    const reader = await this.reader<string, Baton>(this.relay.passed)
    while (!this.ending.signal.aborted || this.numbers.length < this.written) {
      const records = await reader.readAll()
      for (const partition of new Set(records.map((record) => record.partition)))
        this.commits.set(partition, [...(this.commits.get(partition) ?? []), Date.now()])
      for (const { value } of records) if (value !== undefined) this.numbers.push(value.number)
      await systemClock.sleep(LOOK_EVERY_MS)
    }
  }

  private async reader<K, V>(name: string): Promise<TopicReader<K, V>> {
    const topic = this.topic(name)
    return new TopicReader<K, V>(topic, await topic.serdes(this.registry), this.cluster)
  }

  private topic(name: string) {
    const topic = this.relay.topology.topics.find((one) => one.name === name)
    if (topic === undefined) throw new Error(`no topic ${name}`)
    return topic
  }

  private loggerOf(name: string): Logger {
    const keep = (message: string, fields: object = {}) =>
      void this.log.push(`${name}: ${message}${'error' in fields ? `: ${fields.error}` : ''}`)
    return { debug: () => {}, info: keep, warn: keep, error: keep }
  }
}

export const keyOf = (number: number) => `k${number % KEYS}`
