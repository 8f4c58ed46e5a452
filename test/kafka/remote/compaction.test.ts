// A changelog of which a broker keeps as little as it may: superseded records, deleted ones, aborted ones and their markers are gone soon,
// while workers die in the middle of commits and their successors have nothing but that log.
import { expect, test } from 'vitest'
import { systemClock } from '../../../core/clock.ts'
import { seededRandom } from '../../../core/random.ts'
import type { Cluster } from '../../../kafka/cluster.ts'
import { openRemoteCluster } from '../../../kafka/remote/remote-cluster.ts'
import { Application } from '../../../runtime/application.ts'
import { prepareTopics } from '../../../runtime/internal-topics.ts'
import type { Step } from '../../../runtime/steps.ts'
import { TopicReader } from '../../../runtime/topic-io.ts'
import { openEmbeddedRegistry } from '../../../serdes/registry/embedded.ts'
import { MemorySink } from '../../../sinks/memory-sink.ts'
import { MemoryBackend } from '../../../state/memory/memory-backend.ts'
import type { CompiledTopology } from '../../../topology/graph.ts'
import { useKafka } from '../../services/kafka.ts'
import { expected, orderTable, orderTopology, priced, someOrders } from '../../simulation/orders.ts'
import { topicIn, writeOrders } from '../../support/order-log.ts'
import { remoteOptions } from './remote-options.ts'

const kafka = useKafka({
  nativeOnly: true,
  extra: [
    'log.cleaner.backoff.ms=100',
    'log.cleaner.min.cleanable.ratio=0.01',
    'producer.id.expiration.ms=2000',
    'producer.id.expiration.check.interval.ms=200',
  ],
})
const hasty = { deleteRetentionMs: 500, minCompactionLagMs: 0, segmentMs: 300, segmentBytes: 1024 * 1024 }
const rounds = 12
const perRound = 30

function hastyTopology(): CompiledTopology {
  const topology = orderTopology()
  const topics = topology.topics.map((topic) => (topic.role === 'changelog' ? { ...topic, config: hasty } : topic))
  return { ...topology, topics }
}

test('what is left of it restores to the same', async () => {
  const topology = hastyTopology()
  const registry = await openEmbeddedRegistry()
  const cluster = await openRemoteCluster(remoteOptions(kafka()))
  const sink = new MemorySink()
  await prepareTopics(cluster.admin, topology.topics)
  const rows = someOrders(seededRandom(5), rounds * perRound)
  for (let round = 0; round < rounds; round++) {
    await writeOrders(rows.slice(round * perRound, (round + 1) * perRound), { topology, cluster, registry })
    // Every other worker dies with its records in the log and its transaction open.
    if (round % 2 === 0) await runToItsDeath('R4d')
    else await runToTheEnd()
    await systemClock.sleep(700)
  }

  const want = expected(rows)
  const out = topicIn(topology, priced.name)
  const enriched = await new TopicReader<string, unknown>(out, await out.serdes(registry), cluster).readAll()
  expect(enriched.length).toBe([...want.accepted.values()].reduce((sum, { length }) => sum + length, 0))
  expect(sink.rows(orderTable).length).toBe(want.accepted.size)
  for (const { name } of topology.topics.filter(({ role }) => role === 'changelog'))
    expect(await gapsIn(cluster, name), name).toBeGreaterThan(rounds)
  await cluster.close()

  function start(at: (step: Step) => void): Promise<Application> {
    return Application.start({ topology, cluster, registry, sink, backend: new MemoryBackend(), at })
  }

  async function runToTheEnd(): Promise<void> {
    const application = await start(() => {})
    const running = application.run()
    while (!(await application.isCaughtUp())) await systemClock.sleep(25)
    application.stop()
    await running
    await application.close()
  }

  async function runToItsDeath(last: Step): Promise<void> {
    const application = await start((step) => {
      if (step === last) throw new Error('killed')
    })
    await expect(application.run()).rejects.toThrow('killed')
  }
}, 240_000)

/** Offsets of the first partition below its end that no committed record has. */
async function gapsIn(cluster: Cluster, topic: string): Promise<number> {
  const [offsets] = await cluster.admin.offsets([{ topic, partition: 0 }])
  const serdes = { read: (buffer: Buffer, start: number, end: number) => buffer.subarray(start, end), write: () => {} }
  const reader = new TopicReader<Buffer, Buffer>(
    { name: topic, partitions: 1 },
    { key: serdes, value: serdes },
    cluster,
  )
  return (offsets?.latest ?? 0) - (await reader.readAll()).length
}
