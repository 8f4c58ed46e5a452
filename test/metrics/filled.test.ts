// Whether every metric of the catalogue gets samples: from an application that works, and from the troubles that some of them tell of.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { systemClock } from '../../core/clock.ts'
import { ProducerFenced, StateCorrupted } from '../../core/errors.ts'
import { seededRandom } from '../../core/random.ts'
import { openEmbeddedCluster } from '../../kafka/embedded/embedded-cluster.ts'
import type { ClusterCall } from '../../kafka/embedded/fault-hooks.ts'
import { catalogue, createMeasurements, undeclared } from '../../metrics/catalogue.ts'
import type { Measurements } from '../../metrics/measurements.ts'
import { measureProcess } from '../../metrics/process.ts'
import { Application } from '../../runtime/application.ts'
import { TopicWriter } from '../../runtime/topic-io.ts'
import { openEmbeddedRegistry } from '../../serdes/registry/embedded.ts'
import { type StateCall, withFaults as withStateFaults } from '../../state/fault-hooks.ts'
import { MemoryBackend } from '../../state/memory/memory-backend.ts'
import { read } from '../grafana/expressions.ts'
import { sampleServer } from '../server/sample-server.ts'
import { usePostgres } from '../services/postgres.ts'
import { type Order, orders, orderTopology, someOrders } from '../simulation/orders.ts'
import { openSink } from '../sinks/postgres/open-sink.ts'
import { Meters, now } from '../support/meters.ts'

/** Measured by a program, or by an adapter whose own tests see it. */
const elsewhere = new Map([
  ['streams_app_info', 'cli/commands/run.ts'],
  ['sf311_unknown_columns_total', 'cities/sf/ingest.ts'],
  ['streams_store_cache_reads_total', 'state/redis/redis-backend.ts'],
  ['streams_store_available', 'state/redis/redis-connection.ts'],
])

describe('every metric of the catalogue', () => {
  const postgres = usePostgres()
  const measurements = createMeasurements()

  beforeAll(async () => {
    const stop = measureProcess(measurements)
    await runWithTroubles(postgres().url, measurements)
    await comeTooLate(measurements)
    await sampleServer(systemClock, { measurements }).inject('/metrics')
    // Of a collection Node tells a moment later.
    for (let i = 0; i < 1_000 && eventsOf(measurements, 'nodejs_gc_duration_seconds') === 0; i++) {
      Array.from({ length: 100_000 }, () => ({}))
      await new Promise((resolve) => setImmediate(resolve))
    }
    measurements.collect()
    stop()
  })

  test.each(catalogue.filter(({ name }) => !elsewhere.has(name)).map(({ name, type }) => [name, type]))(
    '%s gets samples',
    (name, type) => {
      if (type === 'gauge') expect(measurements.scalars.get(name)?.cells.size).toBeGreaterThan(0)
      else expect(eventsOf(measurements, name)).toBeGreaterThan(0)
    },
  )

  test.each([...elsewhere])('%s gets samples from %s', (name, file) => {
    expect(read(file)).toContain(`'${name}'`)
  })

  test('nothing is measured that is not in the catalogue', () => {
    expect(undeclared(measurements)).toEqual([])
  })

  afterAll(() => measurements.scalars.clear())
})

/** Of a counter or histogram, over all its series. */
function eventsOf({ scalars, histograms }: Measurements, name: string): number {
  const counted = [...(scalars.get(name)?.cells.values() ?? [])].map(({ cell }) => cell.value)
  const observed = [...(histograms.get(name)?.cells.values() ?? [])].map(({ cell }) => cell.count)
  return [...counted, ...observed].reduce((sum, count) => sum + count, 0)
}

/** Orders of every kind, while a commit is fenced, a flush refused, a connection cut and, at last, a table gone. */
async function runWithTroubles(url: string, measurements: Measurements): Promise<void> {
  const topology = orderTopology()
  const troubles: (ClusterCall | StateCall['name'])[] = []
  const once = (call: ClusterCall | StateCall['name'], error: Error) => {
    if (troubles[0] !== call) return
    troubles.shift()
    throw error
  }
  const random = seededRandom(1)
  const cluster = await openEmbeddedCluster({
    clock: systemClock,
    random,
    faults: { before: (call) => once(call, new ProducerFenced('fenced', 'somebody else writes')) },
  })
  const registry = await openEmbeddedRegistry()
  const { sink, query, close } = openSink(url, { app: topology.name, measurements })
  const backend = withStateFaults(new MemoryBackend(), {
    before: ({ name }) => once(name, new StateCorrupted('state_mismatch', 'it is not what it was')),
  })
  const config = { commitIntervalMs: 0, watermarkIntervalMs: 0 }
  const application = await Application.start({
    ...{ topology, cluster, registry, sink, backend, random, measurements, config },
    clock: systemClock,
  })
  const producer = await cluster.initProducer({ transactionalId: 'input', transactionTimeoutMs: 60_000 })
  const writer = new TopicWriter<string, Order>({ name: orders.name, partitions: 2 }, await serdes(), producer)
  const rows = someOrders(seededRandom(3), 400)
  const settle = async () => {
    while ((await application.step()) || !(await application.isCaughtUp()));
  }
  const process = async (from: number, to: number) => {
    const at = systemClock.now()
    await writer.write(
      rows.slice(from, to).map(({ id, order }) => ({ key: id, value: order, timestamp: at, ingestedAt: at })),
    )
    await settle()
  }

  await process(0, 200)
  troubles.push('sendOffsets', 'apply')
  await process(200, 300)
  application.measure()
  await query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE '${topology.name} %'`)
  await process(300, 350)
  await sink.clearSchema()
  await expect(process(350, 400)).rejects.toThrow('Postgres refuses the batch')
  await application.close().catch(() => {})
  await cluster.close()
  await close()

  async function serdes() {
    const topic = topology.topics.find(({ name }) => name === orders.name)
    if (topic === undefined) throw new Error(`there is no topic ${orders.name}`)
    return topic.serdes(registry)
  }
}

/** A reading of two hours ago behind one of now. */
async function comeTooLate(measurements: Measurements): Promise<void> {
  const meters = await Meters.open()
  const application = await meters.start({ measurements })
  await meters.write(['on time'])
  await meters.write(['late'], now - 7_200_000)
  await meters.settle(application)
  await application.close()
  await meters.cluster.close()
}
