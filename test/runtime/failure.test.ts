// What a failure leaves behind: nothing half done, whatever the order of its end.
import { afterEach, expect, test } from 'vitest'
import { ManualClock } from '../../core/clock.ts'
import { ProducerFenced, Retriable, StateCorrupted, StreamsError, TaskFenced } from '../../core/errors.ts'
import { seededRandom } from '../../core/random.ts'
import { type EmbeddedCluster, openEmbeddedCluster } from '../../kafka/embedded/embedded-cluster.ts'
import { Application } from '../../runtime/application.ts'
import { BackOff, reactionTo } from '../../runtime/failure-policy.ts'
import { TopicReader, TopicWriter } from '../../runtime/topic-io.ts'
import type { WorkerConfig } from '../../runtime/worker-options.ts'
import { type EmbeddedRegistry, openEmbeddedRegistry } from '../../serdes/registry/embedded.ts'
import { MemorySink } from '../../sinks/memory-sink.ts'
import { MemoryBackend } from '../../state/memory/memory-backend.ts'
import type { CompiledTopology } from '../../topology/graph.ts'
import { deadLettersIn, writeRaw } from '../support/raw-records.ts'
import { badReadings, hourly, passedOn, Reading, readings, readingsTopology } from '../support/readings.ts'

const now = Date.UTC(2026, 0, 1)
const clock = new ManualClock(now)
let cluster: EmbeddedCluster
let registry: EmbeddedRegistry

afterEach(() => cluster.close())

test('an application that fails and is closed has committed no part of the batch it failed in', async () => {
  cluster = await openEmbeddedCluster({ clock, random: seededRandom(1) })
  registry = await openEmbeddedRegistry()
  const refuse = ({ note }: Reading) => {
    if (note === 'bang') throw new Error('no such note')
    return note
  }
  const failing = await start(readingsTopology({ annotate: refuse }))
  await write(['a', 'b', 'bang', 'c'])
  await expect(settle(failing)).rejects.toThrow('no such note')
  await failing.close()
  expect(await read(passedOn.name)).toEqual([])

  const mended = await start(readingsTopology())
  await settle(mended)
  await mended.close()
  expect((await read(passedOn.name)).map((value) => (value as Reading).note)).toEqual(['a', 'b', 'bang', 'c'])
  expect((await read(hourly.name)).at(-1)).toMatchObject({ value: 4 })
})

test('a task that halts over bad input leaves no dead letters behind that it would write again', async () => {
  cluster = await openEmbeddedCluster({ clock, random: seededRandom(1) })
  registry = await openEmbeddedRegistry()
  const halting = await start(readingsTopology())
  const bad = { key: Buffer.from('k'), value: Buffer.alloc(0) }
  await write(Array.from({ length: 400 }, (_, i) => `${i}`))
  await settle(halting)
  const to = { topic: readings.name, partition: 0, timestamp: now }
  await writeRaw(
    cluster,
    to,
    Array.from({ length: 600 }, () => bad),
  )
  await expect(settle(halting)).rejects.toThrow('600 of the last 1000 records are bad')
  await halting.close()

  const patient = await start(readingsTopology(), { badLimit: 1000 })
  await settle(patient)
  await patient.close()
  expect(await deadLettersIn(cluster, badReadings.name)).toHaveLength(600)
  expect(await read(passedOn.name)).toHaveLength(400)
})

test.each([
  ['a fenced producer', new ProducerFenced('x', ''), 'new incarnation'],
  ['a task that somebody else has', new TaskFenced('x', ''), 'take over again'],
  ['state that is not what it was', new StateCorrupted('x', ''), 'take over again'],
  ['what may work later', new Retriable('x', ''), 'back off'],
  ['what only a person can mend', new StreamsError('x', ''), 'stop'],
  ['a bug', new Error('x'), 'stop'],
])('the answer to %s', (_, error, reaction) => {
  expect(reactionTo(error)).toBe(reaction)
})

test('pauses double up to five seconds, and end when failures have followed each other for too long', () => {
  const backOff = new BackOff(20_000)
  let at = 0
  const pauses: number[] = []
  for (let pause = backOff.failed(at); pause !== undefined; pause = backOff.failed(at)) {
    pauses.push(pause)
    at += pause
  }
  expect(pauses).toEqual([10, 20, 40, 80, 160, 320, 640, 1280, 2560, 5000, 5000, 5000])
  backOff.succeeded()
  expect(backOff.failed(at)).toBe(10)
})

function start(topology: CompiledTopology, config: Partial<WorkerConfig> = {}): Promise<Application> {
  return Application.start({
    ...{ topology, cluster, registry, clock },
    sink: new MemorySink(),
    backend: new MemoryBackend(),
    random: seededRandom(2),
    config: { commitIntervalMs: 0, watermarkIntervalMs: 0, ...config },
  })
}

async function settle(application: Application): Promise<void> {
  while ((await application.step()) || !(await application.isCaughtUp()));
}

async function write(notes: readonly string[]): Promise<void> {
  const topic = physical(readings.name)
  const producer = await cluster.initProducer({ transactionalId: 'input', transactionTimeoutMs: 60_000 })
  const writer = new TopicWriter<string, Reading>(topic, await topic.serdes(registry), producer)
  const value = (note: string) => new Reading({ at: now - 1000, value: 0, total: 0, note, tags: {} })
  await writer.write(notes.map((note) => ({ key: 'k', value: value(note), timestamp: now, ingestedAt: now })))
}

async function read(name: string): Promise<unknown[]> {
  const topic = physical(name)
  const reader = new TopicReader<unknown, unknown>(topic, await topic.serdes(registry), cluster)
  return (await reader.readAll()).map(({ value }) => value)
}

function physical(name: string) {
  const topic = readingsTopology().topics.find((one) => one.name === name)
  if (topic === undefined) throw new Error(`there is no topic ${name}`)
  return topic
}
