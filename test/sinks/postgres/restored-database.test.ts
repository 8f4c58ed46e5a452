// A database that was restored from a backup while the application ran, or before it started: its positions are older, and so are its rows.
import { expect, test } from 'vitest'
import { systemClock } from '../../../core/clock.ts'
import { seededRandom } from '../../../core/random.ts'
import { openEmbeddedCluster } from '../../../kafka/embedded/embedded-cluster.ts'
import { Application } from '../../../runtime/application.ts'
import { prepareTopics } from '../../../runtime/internal-topics.ts'
import { TopicWriter } from '../../../runtime/topic-io.ts'
import { openEmbeddedRegistry } from '../../../serdes/registry/embedded.ts'
import { MemoryBackend } from '../../../state/memory/memory-backend.ts'
import { usePostgres } from '../../services/postgres.ts'
import { expected, type Order, orders, orderTopology, someOrders } from '../../simulation/orders.ts'
import { openSink } from './open-sink.ts'

const postgres = usePostgres()
const tables = ['orders', 'versions', 'sink_positions', 'sink_dead_letters']

test.each(['while the application runs', 'before it starts'])('rows are written again, each once: %s', async (when) => {
  const topology = orderTopology()
  const input = topology.topics.find(({ name }) => name === orders.name)
  if (input === undefined) throw new Error('the topology reads orders')
  const cluster = await openEmbeddedCluster({ clock: systemClock, random: seededRandom(1) })
  const registry = await openEmbeddedRegistry()
  const opened = openSink(postgres().url)
  const { sink, schema, query } = opened
  await prepareTopics(cluster.admin, topology.topics)
  const rows = someOrders(seededRandom(3), 150)
  const start = () => Application.start({ topology, cluster, registry, sink, backend: new MemoryBackend() })
  let application = await start()
  const work = async (from: number, to: number) => {
    const producer = await cluster.initProducer({ transactionalId: 'input', transactionTimeoutMs: 60_000 })
    await new TopicWriter<string, Order>(input, await input.serdes(registry), producer).write(
      rows
        .slice(from, to)
        .map(({ id, order }) => ({ key: id, value: order, timestamp: order.at, ingestedAt: Date.now() })),
    )
    while ((await application.step()) || !(await application.isCaughtUp()));
  }

  await work(0, 50)
  for (const name of tables) await query(`CREATE TABLE ${schema}_g1.${name}_backup AS TABLE ${schema}_g1.${name}`)
  await work(50, 100)
  if (when === 'before it starts') await application.close()
  for (const name of tables)
    await query(
      `TRUNCATE ${schema}_g1.${name}; INSERT INTO ${schema}_g1.${name} SELECT * FROM ${schema}_g1.${name}_backup`,
    )
  if (when === 'before it starts') application = await start()
  await work(100, 150)
  await application.close()

  const accepted = [...expected(rows).accepted].flatMap(([id, all]) => all.map(({ version }) => `${id} ${version}`))
  const written = await query(`SELECT id, version FROM ${schema}.versions`)
  expect(written.map(({ id, version }) => `${id} ${version}`).sort()).toEqual(accepted.sort())
  await cluster.close()
  await opened.close()
})
