// Millrace as one more peer of the workload's driver: reads its contract from the environment, runs until SIGTERM.

import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { lineLogger } from '../../cli/logger.ts'
import { systemClock } from '../../core/clock.ts'
import { openRemoteCluster } from '../../kafka/remote/remote-cluster.ts'
import { Application } from '../../runtime/application.ts'
import { joinGroup } from '../../runtime/group-membership.ts'
import { openEmbeddedRegistry } from '../../serdes/registry/embedded.ts'
import { MemoryBackend } from '../../state/memory/memory-backend.ts'
import { peerTopology } from './topology.ts'

const setting = (name: string, fallback?: string): string => {
  const value = process.env[name] ?? fallback
  if (value === undefined) throw new Error(`${name} is not set`)
  return value
}

const logger = lineLogger({ format: 'text', clock: systemClock, write: (line) => process.stderr.write(line) })
const state = setting('STATE_DIR')
mkdirSync(state, { recursive: true })
const app = setting('APP_ID')
const instanceId = setting('INSTANCE_ID', `${app}-0`)
const topology = peerTopology({
  app,
  raw: setting('TOPIC_RAW'),
  enriched: setting('TOPIC_ENRICHED'),
  counts: setting('TOPIC_COUNTS'),
  deadLetters: setting('TOPIC_DLQ'),
})
const cluster = await openRemoteCluster({
  brokers: [setting('BOOTSTRAP')],
  clientId: app,
  clock: systemClock,
  random: Math.random,
  logger,
})
const membership = joinGroup(topology, {
  cluster,
  // As a StatefulSet would name it; `none` is a member without a name, whose tasks move when its session is over.
  ...(instanceId === 'none' ? {} : { instanceId }),
  clock: systemClock,
  sessionTimeoutMs: Number(setting('SESSION_TIMEOUT_MS', '10000')),
  rebalanceTimeoutMs: 30_000,
  heartbeatIntervalMs: 1_000,
})
const application = await Application.start({
  topology,
  cluster,
  registry: await openEmbeddedRegistry({ file: join(state, 'schemas.jsonl') }),
  backend: new MemoryBackend(),
  membership,
  logger,
  config: { commitIntervalMs: Number(setting('COMMIT_MS', '100')) },
})
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => application.stop())
await application.run()
await application.close()
await cluster.close()
