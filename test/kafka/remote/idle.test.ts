// A worker that had nothing to do for longer than brokers remember its producer: it goes on under a new one, and counts every order once.
import { describe, expect, test } from 'vitest'
import { systemClock } from '../../../core/clock.ts'
import { silentLogger } from '../../../core/logger.ts'
import { seededRandom } from '../../../core/random.ts'
import { openRemoteCluster } from '../../../kafka/remote/remote-cluster.ts'
import { version1, version2 } from '../../../kafka/remote/transaction-version.ts'
import { Application } from '../../../runtime/application.ts'
import { prepareTopics } from '../../../runtime/internal-topics.ts'
import { TopicReader } from '../../../runtime/topic-io.ts'
import { openEmbeddedRegistry } from '../../../serdes/registry/embedded.ts'
import { MemorySink } from '../../../sinks/memory-sink.ts'
import { MemoryBackend } from '../../../state/memory/memory-backend.ts'
import { useKafka } from '../../services/kafka.ts'
import { expected, orderTable, orderTopology, priced, someOrders } from '../../simulation/orders.ts'
import { topicIn, writeOrders } from '../../support/order-log.ts'
import { remoteOptions } from './remote-options.ts'

const roundsMax = 10

describe.each([
  ['1', version1],
  ['2', version2],
])('a worker without work, transaction version %s', (_, transactionVersion) => {
  // What is a day and a week by default.
  const kafka = useKafka({
    nativeOnly: true,
    extra: [
      'producer.id.expiration.ms=1000',
      'producer.id.expiration.check.interval.ms=200',
      'transactional.id.expiration.ms=1000',
      'transaction.remove.expired.transaction.cleanup.interval.ms=200',
    ],
  })

  test('goes on when brokers have forgotten its producer', async () => {
    const cluster = await openRemoteCluster({ ...remoteOptions(kafka()), transactionVersion })
    const topology = orderTopology()
    const registry = await openEmbeddedRegistry()
    const sink = new MemorySink()
    await prepareTopics(cluster.admin, topology.topics)
    const rows = someOrders(seededRandom(3), roundsMax * 20)
    const write = async (round: number) => {
      await writeOrders(rows.slice(round * 20, (round + 1) * 20), { topology, cluster, registry })
    }
    const warnings: string[] = []
    const warn = (message: string, fields = {}) => void warnings.push(message + JSON.stringify(fields))
    const application = await Application.start({
      ...{ topology, cluster, registry, sink, logger: { ...silentLogger, warn } },
      backend: new MemoryBackend(),
    })
    const running = application.run()
    const isForgotten = () => warnings.some((warning) => warning.includes('invalid_producer_id_mapping'))
    let round = 0
    for (; round < roundsMax && !isForgotten(); round++) {
      await write(round)
      while (!(await application.isCaughtUp())) await systemClock.sleep(25)
      await systemClock.sleep(2_000)
    }
    application.stop()
    await running
    await application.close()

    expect(isForgotten()).toBe(true)
    const want = expected(rows.slice(0, round * 20))
    const out = topicIn(topology, priced.name)
    const enriched = await new TopicReader<string, unknown>(out, await out.serdes(registry), cluster).readAll()
    expect(enriched.length).toBe([...want.accepted.values()].reduce((sum, { length }) => sum + length, 0))
    expect(sink.rows(orderTable).length).toBe(want.accepted.size)
    await cluster.close()
  }, 120_000)
})
