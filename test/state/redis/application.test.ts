// A whole topology on Redis: processes die and are followed by others, Redis loses everything or its last flushes, and the counts stay those of the input.
import { randomUUID } from 'node:crypto'
import { Redis } from 'ioredis'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../../core/clock.ts'
import { Retriable } from '../../../core/errors.ts'
import { seededRandom } from '../../../core/random.ts'
import { type EmbeddedCluster, openEmbeddedCluster } from '../../../kafka/embedded/embedded-cluster.ts'
import { Application } from '../../../runtime/application.ts'
import { TopicReader, TopicWriter } from '../../../runtime/topic-io.ts'
import { type EmbeddedRegistry, openEmbeddedRegistry } from '../../../serdes/registry/embedded.ts'
import { MemorySink } from '../../../sinks/memory-sink.ts'
import type { StateBackend } from '../../../state/backend.ts'
import { openRedisBackend } from '../../../state/redis/redis-backend.ts'
import { useNativeRedis } from '../../services/redis.ts'
import {
  expected,
  type OrderRow,
  orders,
  orderTable,
  orderTopology,
  sales,
  someOrders,
} from '../../simulation/orders.ts'

const TURNS_MAX = 5_000

describe('an application on Redis', () => {
  const redis = useNativeRedis()
  let shop: Shop
  beforeEach(async () => {
    shop = await Shop.open(redis().url)
  })
  afterEach(() => shop.close())

  it('goes on with another process where one died, without a rebuild', async () => {
    const rows = someOrders(seededRandom(3), 300)
    await shop.start()
    await shop.write(rows.slice(0, 150))
    const before = await shop.checkpoints()
    expect(before.every(({ offset }) => offset > 0)).toBe(true)
    await shop.start()
    await shop.write(rows.slice(150))
    expect((await shop.checkpoints()).map(({ generation }) => generation)).toEqual(
      before.map(({ generation }) => generation),
    )
    await shop.expectCountsOf(rows)
  })

  it('rebuilds from the log when Redis loses everything between two batches', async () => {
    const rows = someOrders(seededRandom(4), 300)
    await shop.start()
    await shop.write(rows.slice(0, 150))
    await shop.redis.flushall()
    await shop.write(rows.slice(150))
    await shop.expectCountsOf(rows)
  })

  it('replays what Redis lost when it comes back with an older state', async () => {
    const rows = someOrders(seededRandom(5), 300)
    await shop.start()
    await shop.write(rows.slice(0, 100))
    await shop.redis.save()
    await shop.write(rows.slice(100, 200))
    await redis().kill()
    await redis().start()
    await shop.write(rows.slice(200))
    await shop.expectCountsOf(rows)
  })
})

class Shop {
  readonly redis: Redis
  private readonly topology = orderTopology()
  private readonly sink = new MemorySink()
  private readonly app = randomUUID()
  private readonly url: string
  private readonly cluster: EmbeddedCluster
  private readonly registry: EmbeddedRegistry
  private readonly backends: StateBackend[] = []
  private application: Application | undefined

  private constructor(url: string, cluster: EmbeddedCluster, registry: EmbeddedRegistry) {
    this.url = url
    this.cluster = cluster
    this.registry = registry
    this.redis = new Redis(url)
    this.redis.on('error', () => {})
  }

  static async open(url: string): Promise<Shop> {
    const cluster = await openEmbeddedCluster({ clock: systemClock, random: seededRandom(1) })
    return new Shop(url, cluster, await openEmbeddedRegistry())
  }

  /** As a new process: what ran before is left where it stands. */
  async start(): Promise<void> {
    const backend = await openRedisBackend({ url: this.url, app: this.app })
    this.backends.push(backend)
    const { topology, cluster, registry, sink } = this
    this.application = await Application.start({
      ...{ topology, cluster, registry, sink, backend },
      random: seededRandom(this.backends.length),
      config: { commitIntervalMs: 0, watermarkIntervalMs: 0, idleAfterMs: Number.POSITIVE_INFINITY },
    })
  }

  async write(rows: readonly OrderRow[]): Promise<void> {
    const topic = this.topology.topics.find(({ name }) => name === orders.name)
    if (topic === undefined) throw new Error('the topology reads orders')
    const producer = await this.cluster.initProducer({ transactionalId: 'input', transactionTimeoutMs: 60_000 })
    const writer = new TopicWriter<unknown, unknown>(topic, await topic.serdes(this.registry), producer)
    const now = systemClock.now()
    // Several commits, so that there is something to lose and to replay.
    for (let i = 0; i < rows.length; i += 25) {
      await writer.write(
        rows.slice(i, i + 25).map(({ id, order }) => ({ key: id, value: order, timestamp: now, ingestedAt: now })),
      )
      await this.settle()
    }
  }

  async checkpoints(): Promise<{ offset: number; generation: string }[]> {
    const keys = (await this.redis.keys(`?${this.app}:*?`)).filter((key) => key.endsWith('}')).sort()
    return Promise.all(
      keys.map(async (key) => {
        const [offset, generation] = await this.redis.hmget(key, 'offset', 'generation')
        return { offset: Number(offset), generation: generation ?? '' }
      }),
    )
  }

  async expectCountsOf(rows: readonly OrderRow[]): Promise<void> {
    const topic = this.topology.topics.find(({ name }) => name === sales.name)
    if (topic === undefined) throw new Error('the topology writes sales')
    const reader = new TopicReader<unknown, unknown>(topic, await topic.serdes(this.registry), this.cluster)
    const counts = new Map<string, unknown>()
    for (const { key, value } of await reader.readAll()) {
      const { key: name, start } = Object(key)
      if (value === undefined) counts.delete(`${name}@${start}`)
      else counts.set(`${name}@${start}`, { ...Object(value).value })
    }
    const want = expected(rows)
    expect(new Map([...counts].sort())).toEqual(new Map([...want.sales].sort()))
    expect(this.sink.rows(orderTable).length).toBe(want.accepted.size)
  }

  async close(): Promise<void> {
    await this.application?.close().catch(() => {})
    for (const backend of this.backends) await backend.close()
    await this.cluster.close()
    this.redis.disconnect()
  }

  private async settle(): Promise<void> {
    const { application } = this
    for (let turn = 0; turn < TURNS_MAX && application !== undefined; turn++) {
      try {
        if (!(await application.step()) && (await application.isCaughtUp())) return
      } catch (error) {
        if (!(error instanceof Retriable)) throw error
      }
      await new Promise(setImmediate)
    }
    throw new Error('the application does not settle')
  }
}
