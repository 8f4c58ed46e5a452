// Runs the 311 topology over preloaded records until it has caught up, and tells how fast it was and what it cost.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sanFrancisco } from '../../cities/sf/san-francisco.ts'
import { caseTopology } from '../../cities/topology.ts'
import { systemClock } from '../../core/clock.ts'
import { openEmbeddedCluster } from '../../kafka/embedded/embedded-cluster.ts'
import { Application } from '../../runtime/application.ts'
import { prepareTopics } from '../../runtime/internal-topics.ts'
import { openEmbeddedRegistry } from '../../serdes/registry/embedded.ts'
import type { Sink } from '../../sinks/sink.ts'
import { MemoryBackend } from '../../state/memory/memory-backend.ts'
import { preload, realRows } from './preload.ts'

export interface TopologyRun {
  readonly records: number
  /** Without one the topology runs without its sinks. */
  readonly sink?: Sink
  /** CPU-seconds so far of other processes that take part, by name. */
  readonly others?: () => Readonly<Record<string, number | undefined>>
}

export async function runTopology(run: TopologyRun): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'millrace-bench-'))
  try {
    await measure(directory, run)
  } finally {
    rmSync(directory, { recursive: true })
  }
}

async function measure(directory: string, { records, sink, others = () => ({}) }: TopologyRun): Promise<void> {
  const rows = realRows()
  if (rows === undefined) return console.log('skipped: the shared data folder is absent (SHARED_DATA)')
  const whole = caseTopology(sanFrancisco())
  const subtopologies = whole.subtopologies.filter(({ kind }) => kind === 'stream' || sink !== undefined)
  const topology = { ...whole, subtopologies }
  const cluster = await openEmbeddedCluster({ directory, clock: systemClock, random: Math.random })
  const registry = await openEmbeddedRegistry()
  await prepareTopics(cluster.admin, topology.topics)
  const raw = topology.topics.find(({ name }) => name === 'sf311.raw')
  if (raw === undefined) throw new Error('the topology reads sf311.raw')
  const { bytes } = await preload(cluster, raw, await raw.serdes(registry), rows, records)
  console.log(`${records} records, ${Math.round(bytes / records)} bytes each`)

  const application = await Application.start({
    ...{ topology, cluster, registry, backend: new MemoryBackend() },
    ...(sink === undefined ? {} : { sink }),
    config: { idleAfterMs: Number.POSITIVE_INFINITY },
  })
  const running = application.run()
  const start = new Moment(0, others())
  let half: Moment | undefined
  while (!(await application.isCaughtUp())) {
    await systemClock.sleep(20)
    const done = consumed(application)
    if (half === undefined && done > records / 2) half = new Moment(done, others())
  }
  const end = new Moment(records, others())
  report('whole run', start, end)
  if (half !== undefined) report('second half', half, end)
  const { heapUsed, arrayBuffers, rss } = process.memoryUsage()
  const { commits } = application.snapshot()
  console.log(`memory: rss ${mebi(rss)}, heap ${mebi(heapUsed)}, buffers ${mebi(arrayBuffers)} MiB; ${commits} commits`)
  await application.close()
  await running
  await cluster.close()
}

class Moment {
  readonly records: number
  readonly others: Readonly<Record<string, number | undefined>>
  readonly at = performance.now()
  readonly cpu = process.cpuUsage()

  constructor(records: number, others: Readonly<Record<string, number | undefined>>) {
    this.records = records
    this.others = others
  }
}

function consumed(application: Application): number {
  return application.snapshot().nodes.find(({ subtopology, in: count }) => subtopology === 0 && count > 0)?.in ?? 0
}

function report(what: string, from: Moment, to: Moment): void {
  const records = to.records - from.records
  const seconds = (to.at - from.at) / 1000
  const cpuSeconds = (to.cpu.user + to.cpu.system - from.cpu.user - from.cpu.system) / 1e6
  const perMillion = (cpu: number) => `${((cpu / records) * 1e6).toFixed(2)} CPU-s per million`
  const others = Object.entries(to.others).map(([name, cpu]) => {
    const before = from.others[name]
    return cpu === undefined || before === undefined ? `${name} unknown` : `${name} ${perMillion(cpu - before)}`
  })
  const rate = `${Math.round(records / seconds).toLocaleString('en')} records/s`
  const own = `${perMillion(cpuSeconds)} (${(cpuSeconds / seconds).toFixed(2)} cores)`
  console.log([`${what}: ${rate}`, own, ...others].join(', '))
}

function mebi(bytes: number): number {
  return Math.round(bytes / 1024 / 1024)
}
