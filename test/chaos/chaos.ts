// A chaos run: traffic flows, one fault after another strikes, each followed by a bounded wait for recovery; at the end the verdict.
// `npm run chaos -- --seed 7 --faults 44 --records 500000 --per-second 1500`; `--only TEXT` keeps the faults whose name holds the text.
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { systemClock } from '../../core/clock.ts'
import { silentLogger } from '../../core/logger.ts'
import { seededRandom } from '../../core/random.ts'
import { type Admin, defaultTopicConfig } from '../../kafka/cluster.ts'
import { openRemoteCluster } from '../../kafka/remote/remote-cluster.ts'
import { TopicAccess } from '../../runtime/topic-access.ts'
import { openEmbeddedRegistry } from '../../serdes/registry/embedded.ts'
import type { Serde } from '../../serdes/serde.ts'
import { type Order, orders, orderTopology, priced, sales } from '../simulation/orders.ts'
import { Cast, SESSION_TIMEOUT_MS } from './cast.ts'
import { type Fault, faults } from './faults.ts'
import { Traffic } from './traffic.ts'
import { until } from './until.ts'
import { type Verdict, verdictOn } from './verdict.ts'

export interface ChaosOptions {
  readonly seed: number
  /** In this order. */
  readonly strikes: readonly Fault[]
  readonly records: number
  readonly perSecond: number
  /** worker.ts, compiled. */
  readonly program: string
  readonly say: (line: string) => void
}

export interface ChaosOutcome extends Verdict {
  readonly strikes: readonly {
    readonly fault: string
    readonly tookMs: number
    readonly recoveredMs: number | undefined
  }[]
  /** Ends of processes that nobody asked for. */
  readonly unasked: readonly string[]
}

const RECOVERY_MS_MAX = SESSION_TIMEOUT_MS + 10_000
/** A recovery that is too slow is reported; one that takes this long ends the run. */
const STUCK_MS = 60_000
/** Of the orders, of what is grouped by shop, and of the topic that the sinks read. */
const PARTITIONS = 6
const CATCH_UP_MS_MAX = 180_000

export async function runChaos(options: ChaosOptions): Promise<ChaosOutcome> {
  const { seed, say, strikes, program } = options
  const startedAt = Date.now()
  const cast = await Cast.start(program)
  say(`services are up after ${Date.now() - startedAt} ms; seed ${seed}; workers log to ${cast.logFile}`)
  try {
    const random = seededRandom(seed)
    const run = new Run(cast, options)
    const traffic = await run.openTraffic()
    const stop = new AbortController()
    const flowing = traffic.run({ perSecond: options.perSecond, atLeast: options.records, signal: stop.signal })
    for (const name of ['a', 'b']) cast.startWorker(name)
    await until(() => run.isMovingFrom({}), STUCK_MS, 'the first records to be committed')
    for (const fault of strikes) await run.strike(fault, random, traffic)
    stop.abort()
    await flowing
    return await run.finish()
  } finally {
    await cast.close()
  }
}

class Run {
  private readonly cast: Cast
  private readonly options: ChaosOptions
  private readonly strikes: ChaosOutcome['strikes'][number][] = []
  private readonly problems: string[] = []
  private registry: Awaited<ReturnType<typeof openEmbeddedRegistry>> | undefined
  private closeTraffic: () => Promise<void> = async () => {}
  private admin: Admin | undefined

  constructor(cast: Cast, options: ChaosOptions) {
    this.cast = cast
    this.options = options
  }

  async openTraffic(): Promise<Traffic> {
    const cluster = await openRemoteCluster({
      brokers: [this.cast.brokers],
      clientId: 'chaos',
      clock: systemClock,
      random: Math.random,
      logger: silentLogger,
    })
    this.closeTraffic = () => cluster.close()
    this.admin = cluster.admin
    this.registry = await openEmbeddedRegistry()
    const topology = orderTopology()
    // Nothing may be compacted away before it is checked.
    await cluster.admin.createTopics(
      [priced, sales].map(({ name, partitions }) => ({ name, partitions, config: defaultTopicConfig })),
    )
    await TopicAccess.prepare(cluster, topology, this.registry)
    const source = topology.topics.find(({ name }) => name === orders.name)
    if (source === undefined) throw new Error('the topology does not read the orders')
    const { value } = await source.serdes(this.registry)
    return new Traffic(cluster, value as Serde<Order>, seededRandom(this.options.seed * 31 + 7)) // the topic's definition says so
  }

  async strike(fault: Fault, random: () => number, traffic: Traffic): Promise<void> {
    const startedAt = Date.now()
    await fault.strike(this.cast, random)
    const tookMs = Date.now() - startedAt
    const before = this.positions()
    const recoveredMs = await until(() => this.isMovingFrom(before), STUCK_MS, 'records to move').catch(() => undefined)
    this.strikes.push({ fault: fault.name, tookMs, recoveredMs })
    const number = `${this.strikes.length}/${this.options.strikes.length}`
    const words = recoveredMs === undefined ? 'STUCK' : `recovered after ${recoveredMs} ms`
    this.options.say(`${number} ${fault.name}: ${tookMs} ms, ${words}; ${traffic.written} records written`)
    if (recoveredMs === undefined) throw new Error(`nothing moves ${STUCK_MS} ms after '${fault.name}'`)
    if (recoveredMs > RECOVERY_MS_MAX) this.problems.push(`'${fault.name}' took ${recoveredMs} ms to recover from`)
  }

  /** One worker is left and finishes. */
  async finish(): Promise<ChaosOutcome> {
    const { cast, strikes } = this
    for (const worker of cast.live.slice(1)) await cast.stopWorker(worker)
    const tookMs = await until(() => this.isDone(), CATCH_UP_MS_MAX, 'the last worker to catch up')
    this.options.say(`caught up after ${tookMs} ms`)
    const outcomes = cast.live[0]?.report?.outcomes ?? {}
    for (const worker of cast.live) await cast.stopWorker(worker)
    await this.reportOpenTransactions()
    await this.closeTraffic()
    if (this.registry === undefined) throw new Error('there was no traffic')
    const verdict = await verdictOn({
      ...{ brokers: cast.brokers, postgres: cast.postgres.url, registry: this.registry, outcomes },
    })
    return { ...verdict, problems: [...this.problems, ...verdict.problems], strikes, unasked: cast.unasked }
  }

  /** Whether both partitions of the input are past `before`, or were read for the first time. */
  isMovingFrom(before: Readonly<Record<string, number>>): boolean {
    const now = this.positions()
    return [0, 1].every((partition) => {
      const name = `${orders.name}-${partition}`
      return (now[name] ?? 0) > (before[name] ?? 0)
    })
  }

  /** Nobody writes any more: a transaction that is still open hides all that came after it from committed readers, for ever. */
  private async reportOpenTransactions(): Promise<void> {
    const partitions = [orders, priced, sales].flatMap(({ name }) =>
      [0, 1].map((partition) => ({ topic: name, partition })),
    )
    const ends = (await this.admin?.offsets(partitions)) ?? []
    for (const [i, { stable, latest }] of ends.entries())
      if (stable < latest)
        this.problems.push(
          `an open transaction holds ${partitions[i]?.topic}-${partitions[i]?.partition} at ${stable} of ${latest}`,
        )
  }

  /** Whether the last worker has every partition and nothing to do on any. */
  private isDone(): boolean {
    const report = this.cast.live[0]?.report
    return report?.caughtUp === true && Object.keys(report.positions).length === PARTITIONS
  }

  private positions(): Record<string, number> {
    const positions: Record<string, number> = {}
    for (const { report } of this.cast.live)
      for (const [name, position] of Object.entries(report?.positions ?? {}))
        positions[name] = Math.max(position, positions[name] ?? 0)
    return positions
  }
}

/** Every fault once before any comes again, in an order of the seed's. */
export function shuffledStrikes(seed: number, count: number, only = ''): Fault[] {
  const random = seededRandom(seed)
  const wanted = faults.filter(({ name }) => name.includes(only))
  const strikes: Fault[] = []
  while (strikes.length < count && wanted.length > 0)
    strikes.push(
      ...wanted
        .map((fault) => ({ fault, at: random() }))
        .sort((a, b) => a.at - b.at)
        .map(({ fault }) => fault),
    )
  return strikes.slice(0, count)
}

/** From the command line; a violation ends it with a non-zero code. */
export async function chaos(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seed: { type: 'string', default: `${Date.now() % 1_000_000}` },
      faults: { type: 'string', default: '44' },
      records: { type: 'string', default: '500000' },
      'per-second': { type: 'string', default: '1500' },
      only: { type: 'string', default: '' },
    },
  })
  const say = (line: string) => console.log(`${new Date().toISOString().slice(11, 19)} ${line}`)
  const outcome = await runChaos({
    seed: Number(values.seed),
    strikes: shuffledStrikes(Number(values.seed), Number(values.faults), values.only),
    records: Number(values.records),
    perSecond: Number(values['per-second']),
    program: fileURLToPath(new URL('worker.js', import.meta.url)),
    say,
  })
  for (const line of outcome.unasked) say(`unasked: ${line}`)
  for (const line of outcome.problems) say(`VIOLATION: ${line}`)
  say(`seed ${values.seed}: ${outcome.strikes.length} faults, ${JSON.stringify(outcome.counts)}`)
  say(
    outcome.problems.length === 0 ? 'nothing differs from the sequential run' : `${outcome.problems.length} violations`,
  )
  if (outcome.problems.length > 0) process.exitCode = 1
}
