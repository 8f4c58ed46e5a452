import { expect, it } from 'vitest'
import { systemClock } from '../../core/clock.ts'
import { seededRandom } from '../../core/random.ts'
import { openEmbeddedCluster } from '../../kafka/embedded/embedded-cluster.ts'
import { Application } from '../../runtime/application.ts'
import { joinGroup } from '../../runtime/group-membership.ts'
import { prepareTopics } from '../../runtime/internal-topics.ts'
import { TopicReader, TopicWriter } from '../../runtime/topic-io.ts'
import { openEmbeddedRegistry } from '../../serdes/registry/embedded.ts'
import { MemorySink } from '../../sinks/memory-sink.ts'
import { MemoryBackend } from '../../state/memory/memory-backend.ts'
import { expected, type Order, orders, orderTable, orderTopology, priced, someOrders } from '../simulation/orders.ts'

it('shares its tasks between two processes, through a rebalance each way, without losing or repeating anything', async () => {
  const topology = orderTopology()
  const cluster = await openEmbeddedCluster({ clock: systemClock, random: seededRandom(1) })
  const registry = await openEmbeddedRegistry()
  const sink = new MemorySink()
  await prepareTopics(cluster.admin, topology.topics)
  const topic = topology.topics.find(({ name }) => name === orders.name)
  if (topic === undefined) throw new Error('no input topic')
  const producer = await cluster.initProducer({ transactionalId: 'input', transactionTimeoutMs: 60_000 })
  const writer = new TopicWriter<string, Order>(topic, await topic.serdes(registry), producer)
  const rows = someOrders(seededRandom(3), 300)
  const write = (from: number, to: number) =>
    writer.write(
      rows
        .slice(from, to)
        .map(({ id, order }) => ({ key: id, value: order, timestamp: order.at, ingestedAt: Date.now() })),
    )
  const start = async (instanceId: string) => {
    const membership = joinGroup(topology, {
      cluster,
      instanceId,
      clock: systemClock,
      sessionTimeoutMs: 3_000,
      rebalanceTimeoutMs: 1_000,
      heartbeatIntervalMs: 50,
    })
    const application = await Application.start({
      topology,
      cluster,
      registry,
      sink,
      backend: new MemoryBackend(),
      membership,
    })
    const running = application.run()
    return {
      application,
      stop: async () => {
        application.stop()
        await running
        await application.close()
      },
    }
  }

  const first = await start('one')
  await write(0, 100)
  await until(async () => (await first.application.isCaughtUp()) && first.application.worker.tasks.length === 4)
  const second = await start('two')
  await write(100, 200)
  await until(async () => first.application.worker.tasks.length === 2 && second.application.worker.tasks.length === 2)
  await first.stop()
  await write(200, 300)
  await until(async () => second.application.worker.tasks.length === 4 && (await second.application.isCaughtUp()))
  await second.stop()

  const want = expected(rows)
  const out = topology.topics.find(({ name }) => name === priced.name)
  if (out === undefined) throw new Error('no output topic')
  const enriched = await new TopicReader<string, unknown>(out, await out.serdes(registry), cluster).readAll()
  expect(enriched.length).toBe([...want.accepted.values()].reduce((sum, { length }) => sum + length, 0))
  expect(sink.rows(orderTable).length).toBe(want.accepted.size)
  await cluster.close()
})

async function until(condition: () => Promise<boolean>): Promise<void> {
  for (let i = 0; i < 400; i++) {
    if (await condition()) return
    await systemClock.sleep(25)
  }
  throw new Error('it did not come to that within 10 s')
}
