// How fast is the whole topology in one thread? Avro in, dedupe, geography, counts, enriched cases out, exactly once with 100 ms commits, no Postgres.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sanFrancisco } from '../cities/sf/san-francisco.ts'
import { caseTopology } from '../cities/topology.ts'
import { systemClock } from '../core/clock.ts'
import { openEmbeddedCluster } from '../kafka/embedded/embedded-cluster.ts'
import { Application } from '../runtime/application.ts'
import { prepareTopics } from '../runtime/internal-topics.ts'
import { openEmbeddedRegistry } from '../serdes/registry/embedded.ts'
import { MemoryBackend } from '../state/memory/memory-backend.ts'
import { preload, realRows } from './preload.ts'

const RECORDS = Number(process.env.BENCH_RECORDS ?? 500_000)

export async function run(): Promise<void> {
  const rows = realRows()
  if (rows === undefined) return console.log('skipped: the shared data folder is absent (SHARED_DATA)')
  const directory = mkdtempSync(join(tmpdir(), 'millrace-bench-'))
  try {
    await measure(directory, rows)
  } finally {
    rmSync(directory, { recursive: true })
  }
}

async function measure(directory: string, rows: NonNullable<ReturnType<typeof realRows>>): Promise<void> {
  const whole = caseTopology(sanFrancisco())
  const topology = { ...whole, subtopologies: whole.subtopologies.filter(({ kind }) => kind === 'stream') }
  const cluster = await openEmbeddedCluster({ directory, clock: systemClock, random: Math.random })
  const registry = await openEmbeddedRegistry()
  await prepareTopics(cluster.admin, topology.topics)
  const raw = topology.topics.find(({ name }) => name === 'sf311.raw')
  if (raw === undefined) throw new Error('the topology reads sf311.raw')
  const { bytes } = await preload(cluster, raw, await raw.serdes(registry), rows, RECORDS)
  console.log(`${RECORDS} records, ${Math.round(bytes / RECORDS)} bytes each`)

  const application = await Application.start({
    topology,
    cluster,
    registry,
    backend: new MemoryBackend(),
    config: { idleAfterMs: Number.POSITIVE_INFINITY },
  })
  const running = application.run()
  const started = process.hrtime.bigint()
  const cpu = process.cpuUsage()
  let half: { at: bigint; cpu: NodeJS.CpuUsage; done: number } | undefined
  while (!(await application.isCaughtUp())) {
    await systemClock.sleep(20)
    const done = consumed(application)
    if (half === undefined && done > RECORDS / 2) half = { at: process.hrtime.bigint(), cpu: process.cpuUsage(), done }
  }
  const seconds = Number(process.hrtime.bigint() - started) / 1e9
  const used = process.cpuUsage(cpu)
  report('whole run', RECORDS, seconds, used)
  if (half !== undefined)
    report(
      'second half',
      RECORDS - half.done,
      Number(process.hrtime.bigint() - half.at) / 1e9,
      process.cpuUsage(half.cpu),
    )
  const { heapUsed, arrayBuffers, rss } = process.memoryUsage()
  console.log(
    `memory: rss ${mebi(rss)}, heap ${mebi(heapUsed)}, buffers ${mebi(arrayBuffers)} MiB; ${application.snapshot().commits} commits`,
  )
  await application.close()
  await running
  await cluster.close()
}

function consumed(application: Application): number {
  return application.snapshot().nodes.find(({ subtopology, in: count }) => subtopology === 0 && count > 0)?.in ?? 0
}

function report(what: string, records: number, seconds: number, { user, system }: NodeJS.CpuUsage): void {
  const cpuSeconds = (user + system) / 1e6
  console.log(
    `${what}: ${Math.round(records / seconds).toLocaleString('en')} records/s, ${((cpuSeconds / records) * 1e6).toFixed(2)} CPU-s per million (${(cpuSeconds / seconds).toFixed(2)} cores)`,
  )
}

function mebi(bytes: number): number {
  return Math.round(bytes / 1024 / 1024)
}
