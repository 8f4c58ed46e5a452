// How long does a take-over take when memory holds nothing and a changelog of an embedded cluster has a million keys to dedupe by?
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CountedFacts, caseId, neighborhood } from '../cities/case.ts'
import { caseStore } from '../cities/stores.ts'
import { systemClock } from '../core/clock.ts'
import { openEmbeddedCluster } from '../kafka/embedded/embedded-cluster.ts'
import { Application } from '../runtime/application.ts'
import { prepareTopics } from '../runtime/internal-topics.ts'
import { TopicWriter } from '../runtime/topic-io.ts'
import { openEmbeddedRegistry } from '../serdes/registry/embedded.ts'
import { MemoryBackend } from '../state/memory/memory-backend.ts'
import { StreamsBuilder } from '../topology/streams-builder.ts'
import { deadLetterTopic, topic } from '../topology/topic.ts'

const KEYS = Number(process.env.BENCH_KEYS ?? 1_000_000)
const BATCH = 1_000
const START = Date.UTC(2023, 1, 9)
const NEIGHBORHOODS = ['Mission', 'Tenderloin', 'Bayview Hunters Point', 'Outer Sunset'].map(neighborhood.of)

const seen = topic('seen', { key: caseId, value: CountedFacts, partitions: 4 })

export async function run(): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'millrace-bench-'))
  try {
    await measure(directory)
  } finally {
    rmSync(directory, { recursive: true })
  }
}

async function measure(directory: string): Promise<void> {
  const streams = new StreamsBuilder('restore', { deadLetters: deadLetterTopic('dead-letters', seen) })
  streams.stream(seen).toTable(caseStore, {
    version: ({ openedAt }) => [openedAt, 0] as const,
    keep: (facts) => facts,
  })
  const topology = streams.build()
  const cluster = await openEmbeddedCluster({ directory, clock: systemClock, random: Math.random })
  const registry = await openEmbeddedRegistry()
  await prepareTopics(cluster.admin, topology.topics)
  const [source] = topology.topics.filter(({ name }) => name === 'seen')
  if (source === undefined) throw new Error('the topology reads seen')
  const producer = await cluster.initProducer({ transactionalId: 'fill', transactionTimeoutMs: 60_000 })
  const writer = new TopicWriter(source, await source.serdes(registry), producer)
  for (let from = 0; from < KEYS; from += BATCH)
    await writer.write(Array.from({ length: BATCH }, (_, i) => fact(from + i)))

  const start = () => Application.start({ topology, cluster, registry, backend: new MemoryBackend() })
  await timed('processed, and written to the changelog', await start())
  await timed('restored from the changelog', await start())
  await cluster.close()
}

function fact(i: number) {
  const openedAt = START + i * 1000
  const value = new CountedFacts({
    neighborhood: NEIGHBORHOODS[i % NEIGHBORHOODS.length] ?? neighborhood.of('Unknown'),
    openedAt,
    closedAt: i % 3 === 0 ? undefined : openedAt + 86_400_000,
  })
  return { key: caseId.of(String(20_000_000 + i)), value, timestamp: openedAt, ingestedAt: openedAt }
}

/** Until everything that is in the log has been read. */
async function timed(what: string, application: Application): Promise<void> {
  const startedAt = performance.now()
  const cpu = process.cpuUsage()
  const running = application.run()
  while (!(await application.isCaughtUp())) await systemClock.sleep(5)
  const ms = performance.now() - startedAt
  const { user, system } = process.cpuUsage(cpu)
  const stores = application.snapshot().tasks.flatMap((task) => task.stores)
  const keys = stores.reduce((sum, { entries }) => sum + entries, 0)
  const bytes = stores.reduce((sum, store) => sum + store.bytes, 0)
  console.log(
    `${what}: ${keys} keys in ${ms.toFixed(0)} ms (${((user + system) / 1000).toFixed(0)} ms CPU), ${(bytes / keys).toFixed(0)} bytes a key`,
  )
  await application.close()
  await running
}
