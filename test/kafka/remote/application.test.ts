// A whole topology on a real broker: two processes share it, hand tasks over, and the broker dies under them; every order counts once.
import { afterAll, describe, expect, test } from 'vitest'
import { systemClock } from '../../../core/clock.ts'
import { seededRandom } from '../../../core/random.ts'
import type { Cluster } from '../../../kafka/cluster.ts'
import { openRemoteCluster } from '../../../kafka/remote/remote-cluster.ts'
import { Application } from '../../../runtime/application.ts'
import { joinGroup } from '../../../runtime/group-membership.ts'
import { prepareTopics } from '../../../runtime/internal-topics.ts'
import { TopicReader } from '../../../runtime/topic-io.ts'
import { openEmbeddedRegistry } from '../../../serdes/registry/embedded.ts'
import { MemorySink } from '../../../sinks/memory-sink.ts'
import { MemoryBackend } from '../../../state/memory/memory-backend.ts'
import { useKafka } from '../../services/kafka.ts'
import { expected, orderTable, orderTopology, priced, someOrders } from '../../simulation/orders.ts'
import { topicIn, writeOrders } from '../../support/order-log.ts'
import { remoteOptions } from './remote-options.ts'

const patienceMs = 60_000

describe('an application on a real broker', () => {
  const kafka = useKafka({ nativeOnly: true })
  const clusters: Cluster[] = []
  afterAll(async () => {
    for (const cluster of clusters) await cluster.close()
  })

  /** Each process has its own. */
  async function connect(): Promise<Cluster> {
    const cluster = await openRemoteCluster(remoteOptions(kafka()))
    clusters.push(cluster)
    return cluster
  }

  test('counts every order once, through rebalances and the death of the broker', async () => {
    const topology = orderTopology()
    const cluster = await connect()
    const registry = await openEmbeddedRegistry()
    const sink = new MemorySink()
    await prepareTopics(cluster.admin, topology.topics)
    const rows = someOrders(seededRandom(3), 400)
    const write = async (from: number, to: number) => {
      await writeOrders(rows.slice(from, to), { topology, cluster, registry })
    }
    const start = async (instanceId: string) => {
      const own = await connect()
      const membership = joinGroup(topology, {
        cluster: own,
        instanceId,
        clock: systemClock,
        sessionTimeoutMs: 6_000,
        rebalanceTimeoutMs: 3_000,
        heartbeatIntervalMs: 100,
      })
      const backend = new MemoryBackend()
      const application = await Application.start({ topology, cluster: own, registry, sink, backend, membership })
      const running = application.run()
      const stop = async () => {
        application.stop()
        await running
        await application.close()
      }
      return { application, stop }
    }

    const first = await start('one')
    await write(0, 100)
    await until(async () => first.application.worker.tasks.length === 4 && (await first.application.isCaughtUp()))
    const second = await start('two')
    await write(100, 200)
    await until(async () => first.application.worker.tasks.length === 2 && second.application.worker.tasks.length === 2)
    const [broker] = kafka().native
    await broker?.kill()
    await broker?.start()
    await write(200, 300)
    await until(async () => (await first.application.isCaughtUp()) && (await second.application.isCaughtUp()))
    await first.stop()
    await write(300, 400)
    await until(async () => second.application.worker.tasks.length === 4 && (await second.application.isCaughtUp()))
    await second.stop()

    const want = expected(rows)
    const out = topicIn(topology, priced.name)
    const enriched = await new TopicReader<string, unknown>(out, await out.serdes(registry), cluster).readAll()
    expect(enriched.length).toBe([...want.accepted.values()].reduce((sum, { length }) => sum + length, 0))
    expect(sink.rows(orderTable).length).toBe(want.accepted.size)
  }, 240_000)
})

async function until(condition: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + patienceMs
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`it did not come to that within ${patienceMs} ms`)
    await systemClock.sleep(25)
  }
}
