// Tasks that open beside those that run.
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ManualClock } from '../../core/clock.ts'
import { type Logger, silentLogger } from '../../core/logger.ts'
import { seededRandom } from '../../core/random.ts'
import type { TaskId } from '../../core/topic-partition.ts'
import { type EmbeddedCluster, openEmbeddedCluster } from '../../kafka/embedded/embedded-cluster.ts'
import { Application, type ApplicationOptions } from '../../runtime/application.ts'
import { prepareTopics } from '../../runtime/internal-topics.ts'
import { fixedMembership } from '../../runtime/membership.ts'
import { TopicReader, TopicWriter } from '../../runtime/topic-io.ts'
import { type EmbeddedRegistry, openEmbeddedRegistry } from '../../serdes/registry/embedded.ts'
import { MemorySink } from '../../sinks/memory-sink.ts'
import { MemoryBackend } from '../../state/memory/memory-backend.ts'
import { type Order, orders, orderTopology, priced, someOrders } from '../simulation/orders.ts'

const topology = orderTopology()
const clock = new ManualClock(Date.UTC(2026, 0, 1))
const log: string[] = []
let cluster: EmbeddedCluster
let registry: EmbeddedRegistry
beforeEach(async () => {
  log.length = 0
  registry = await openEmbeddedRegistry()
  cluster = await openEmbeddedCluster({ clock, random: seededRandom(1) })
  await prepareTopics(cluster.admin, topology.topics)
})
afterEach(() => cluster.close())

test('a task that stays goes on while another one opens', async () => {
  const [first, second, ...others] = streamTasks() as [TaskId, TaskId, ...TaskId[]]
  let assigned = [first, ...others]
  let letGo = () => {}
  let gate = Promise.resolve()
  const membership = { ...fixedMembership('shop', []), assigned: () => assigned }
  const application = await start({ membership, at: (step) => (step === 'S2' ? gate : undefined) })
  await write(first.partition, 0)
  await settle(application, 10)
  const before = (await pricedOrders()).length

  gate = new Promise((resolve) => {
    letGo = resolve
  })
  assigned = [first, second, ...others]
  await write(first.partition, 1)
  await write(second.partition, 2)
  await settle(application, 20)
  const between = (await pricedOrders()).length
  expect(between).toBeGreaterThan(before)
  expect(application.worker.taskStates().map(({ state }) => state)).toContain('CLAIMING')

  letGo()
  await settle(application, 20)
  expect((await pricedOrders()).length).toBeGreaterThan(between)
  expect(application.worker.isRunning()).toBe(true)
  await application.close()
})

test('tasks that open together fence the writer they all find no more than twice', async () => {
  await settle(await start({}), 20)
  log.length = 0
  const successor = await start({})
  await settle(successor, 20)
  expect(successor.worker.tasks).toHaveLength(4)
  expect(log.filter((message) => message === 'fenced a former writer').length).toBeLessThanOrEqual(2)
  await successor.close()
})

test('a worker that is closed while its tasks open waits until nothing of them goes on', async () => {
  let letGo = () => {}
  const gate = new Promise<void>((resolve) => {
    letGo = resolve
  })
  const steps: string[] = []
  const at = (step: string) => {
    steps.push(step)
    return step === 'S2' ? gate : undefined
  }
  const application = await start({ at })
  await settle(application, 1)
  const closing = application.close()
  letGo()
  await closing
  expect(new Set(steps)).toEqual(new Set(['S1', 'S2']))
})

test.each(['S4', 'S6'])(
  'a task that is taken away while it opens, claimed already, at %s, is released',
  async (step) => {
    const [moving, ...others] = streamTasks() as [TaskId, ...TaskId[]]
    let assigned = others
    let letGo = () => {}
    let gate = Promise.resolve()
    const membership = { ...fixedMembership('shop', []), assigned: () => assigned }
    const backend = new MemoryBackend()
    const first = await start({ backend, membership, at: (reached) => (reached === step ? gate : undefined) })
    await settle(first, 10)
    gate = new Promise((resolve) => {
      letGo = resolve
    })
    assigned = [moving, ...others]
    await settle(first, 10)
    assigned = others
    await settle(first, 3)
    letGo()

    log.length = 0
    const config = { commitIntervalMs: 0, watermarkIntervalMs: 0, releaseWaitMs: 10_000 }
    const second = await start({
      ...{ backend, config },
      membership: { ...fixedMembership('shop', [moving]), isHandedOver: () => true },
    })
    const from = clock.now()
    while (!second.worker.isRunning()) await settle(second, 1)
    expect(clock.now() - from).toBeLessThan(5_000)
    expect(log).not.toContain('fenced a former writer')
    await second.close()
    await first.close()
  },
)

const streamTasks = (): TaskId[] =>
  topology.subtopologies
    .filter(({ kind }) => kind === 'stream')
    .flatMap(({ id, partitions }) =>
      Array.from({ length: partitions }, (_, partition) => ({ subtopology: id, partition })),
    )

async function start(options: Partial<ApplicationOptions>): Promise<Application> {
  const logger: Logger = { ...silentLogger, info: (message) => void log.push(message) }
  return Application.start({
    ...{ topology, cluster, registry, clock, logger },
    sink: new MemorySink(),
    backend: new MemoryBackend(),
    config: { commitIntervalMs: 0, watermarkIntervalMs: 0 },
    ...options,
  })
}

/** Some turns, and some time for each. */
async function settle(application: Application, turns: number): Promise<void> {
  for (let turn = 0; turn < turns; turn++) {
    let isDone = false
    const done = () => {
      isDone = true
    }
    const step = application.step()
    step.then(done, done)
    while (!isDone) {
      await new Promise((resolve) => setImmediate(resolve))
      clock.advance(10)
    }
    await step
  }
}

async function write(partition: number, seed: number): Promise<void> {
  const topic = topicNamed(orders.name)
  const producer = await cluster.initProducer({ transactionalId: 'input', transactionTimeoutMs: 60_000 })
  const writer = new TopicWriter<string, Order>(topic, await topic.serdes(registry), producer)
  const rows = someOrders(seededRandom(seed), 10)
  const now = clock.now()
  await writer.write(
    rows.map(({ id, order }) => ({ key: `${seed}-${id}`, value: order, timestamp: now, ingestedAt: now, partition })),
  )
}

async function pricedOrders() {
  const topic = topicNamed(priced.name)
  const reader = new TopicReader<string, unknown>(topic, await topic.serdes(registry), cluster)
  return reader.readAll()
}

function topicNamed(name: string) {
  const topic = topology.topics.find((one) => one.name === name)
  if (topic === undefined) throw new Error(`no topic ${name}`)
  return topic
}
