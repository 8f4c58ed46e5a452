// One process of the application under chaos: the topology of the simulation on Kafka, Redis and Postgres, joined to its group. It is started,
// killed and stopped by the driver (cast.ts), and tells it how far it is.
import { inspect } from 'node:util'
import { systemClock } from '../../core/clock.ts'
import type { Logger } from '../../core/logger.ts'
import { openRemoteCluster } from '../../kafka/remote/remote-cluster.ts'
import { Application } from '../../runtime/application.ts'
import { joinGroup } from '../../runtime/group-membership.ts'
import { openEmbeddedRegistry } from '../../serdes/registry/embedded.ts'
import { createPostgresSink } from '../../sinks/postgres/postgres-sink.ts'
import { openRedisBackend } from '../../state/redis/redis-backend.ts'
import { orderTopology } from '../simulation/orders.ts'
import type { FromWorker, Report, Trap, WorkerSettings } from './messages.ts'

const REPORT_EVERY_MS = 200
let trap: Trap | undefined

async function work(settings: WorkerSettings): Promise<void> {
  const topology = orderTopology()
  const logger = loggerTo(settings.instanceId)
  const [clock, random] = [systemClock, Math.random]
  const brokers = settings.brokers.split(',')
  const cluster = await openRemoteCluster({ brokers, clientId: settings.instanceId, clock, random, logger })
  const backend = await openRedisBackend({ url: settings.redis, app: topology.name })
  const sink = createPostgresSink({ connection: settings.postgres, schema: 'shop', app: 'shop', clock, random })
  const membership = joinGroup(topology, {
    ...{ cluster, clock, instanceId: settings.instanceId, sessionTimeoutMs: settings.sessionTimeoutMs },
    rebalanceTimeoutMs: settings.sessionTimeoutMs,
    heartbeatIntervalMs: 500,
  })
  const application = await Application.start({
    // Every worker makes the same registrations in the same order, so a registry in each of them gives the same ids.
    registry: await openEmbeddedRegistry(),
    ...{ topology, cluster, backend, sink, membership, clock, logger, at: spring },
  })
  process.once('SIGTERM', () => application.stop())
  const reports = setInterval(() => void report(application), REPORT_EVERY_MS)
  await application.run()
  clearInterval(reports)
  await application.close()
  await backend.close()
  await cluster.close()
}

/** The trap that the driver set, if this is its step. */
function spring(step: string): void {
  if (trap?.step !== step) return
  const { then } = trap
  trap = undefined
  if (then === 'die') process.kill(process.pid, 'SIGKILL')
  tell({ kind: 'trapped' })
}

let isReporting = false

async function report(application: Application): Promise<void> {
  if (isReporting) return
  isReporting = true
  // A cluster that is away is no news.
  const caughtUp = await application.isCaughtUp().catch(() => false)
  isReporting = false
  tell({ ...standing(application), caughtUp })
}

function standing(application: Application): Omit<Report, 'caughtUp'> {
  const { state, tasks, nodes } = application.snapshot()
  const positions: Record<string, number> = {}
  for (const { inputs } of tasks)
    for (const { topic, partition, committed } of inputs) positions[`${topic}-${partition}`] = committed
  const outcomes: Record<string, number> = {}
  for (const { subtopology, outcomes: counts } of nodes)
    if (subtopology === 0)
      for (const [what, count] of Object.entries(counts)) outcomes[what] = (outcomes[what] ?? 0) + count
  return { kind: 'report', state, positions, outcomes }
}

function loggerTo(name: string): Logger {
  const line = (level: string) => (message: string, fields: object | undefined) =>
    process.stderr.write(`${new Date().toISOString()} ${name} ${level} ${message} ${JSON.stringify(fields ?? {})}\n`)
  return { debug: () => {}, info: line('info'), warn: line('warn'), error: line('error') }
}

function tell(message: FromWorker): void {
  if (process.connected) process.send?.(message)
}

process.on('message', (message) => {
  trap = message as Trap // only the driver speaks to us
})
process.on('disconnect', () => process.exit(2))

try {
  await work(JSON.parse(process.argv[2] ?? '{}') as WorkerSettings) // written by cast.ts
  process.exit(0)
} catch (error) {
  tell({ kind: 'failed', error: inspect(error, { depth: 4 }) })
  setImmediate(() => process.exit(1))
}
