// What the engine stands on, each embedded unless an address is given: the cluster, the schema registry, the state backend and the group's word.
import { randomUUID } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { systemClock } from '../core/clock.ts'
import { seconds } from '../core/duration.ts'
import type { Cluster } from '../kafka/cluster.ts'
import { openEmbeddedCluster } from '../kafka/embedded/embedded-cluster.ts'
import { openRemoteCluster } from '../kafka/remote/remote-cluster.ts'
import { joinGroup } from '../runtime/group-membership.ts'
import type { Membership } from '../runtime/membership.ts'
import { untilAnswered } from '../runtime/start-patience.ts'
import { confluentRegistry } from '../serdes/registry/confluent.ts'
import { openEmbeddedRegistry } from '../serdes/registry/embedded.ts'
import type { SchemaRegistry } from '../serdes/schema-registry.ts'
import type { StateBackend } from '../state/backend.ts'
import { MemoryBackend } from '../state/memory/memory-backend.ts'
import { openRedisBackend } from '../state/redis/redis-backend.ts'
import type { DataDirectory } from './data-directory.ts'
import type { EngineContext, OpenedLog } from './program.ts'

/** A dead worker's tasks move after this time; one that restarts under its instance id takes them back at once. */
const SESSION_TIMEOUT_MS = seconds(10)
const REBALANCE_TIMEOUT_MS = seconds(30)
const HEARTBEAT_INTERVAL_MS = seconds(1)
/** Services that are started together come up in any order. */
const REDIS_WAIT_MS = seconds(60)

export interface Services {
  readonly cluster: Cluster
  readonly registry: SchemaRegistry
  readonly backend: StateBackend
  /** Undefined: this process runs every task. */
  readonly membership: Membership | undefined
  /** Housekeeping that brokers do by themselves. */
  readonly maintain: () => Promise<void>
}

/** Opens what the data directory holds; the caller owns its lock. */
export async function openLog(
  directory: DataDirectory,
): Promise<OpenedLog & { readonly maintain: () => Promise<void> }> {
  const cluster = await openEmbeddedCluster({ directory: directory.log, clock: systemClock, random: Math.random })
  const registry = await openEmbeddedRegistry({ file: join(directory.log, 'schemas.jsonl') })
  return { cluster, registry, maintain: () => cluster.maintain(), close: () => cluster.close() }
}

/** `closers` get what was opened, in the order of opening, so that the caller closes it even when a later one fails. */
export async function openServices(context: EngineContext, closers: (() => Promise<void>)[]): Promise<Services> {
  const { options, directory } = context
  const log = options.kafka === undefined ? await openLog(directory) : await openBrokers(context, options.kafka)
  closers.push(log.close)
  const registry = registryOf(context) ?? log.registry
  const backend = options.redis === undefined ? new MemoryBackend() : await openRedis(context, options.redis)
  closers.push(() => backend.close())
  return {
    cluster: log.cluster,
    registry,
    backend,
    membership: membershipOf(context, log.cluster),
    maintain: log.maintain,
  }
}

/** Undefined: the embedded one. Asked at the start, and later for schemas that are new; nobody asks it only to know whether it answers. */
function registryOf({ options, dependencies }: EngineContext): SchemaRegistry | undefined {
  const { registry: url, registryUser: basicAuth, autoRegisterSchemas } = options
  if (url === undefined) return undefined
  const registry = confluentRegistry({ url, autoRegisterSchemas, ...(basicAuth === undefined ? {} : { basicAuth }) })
  const reachability = dependencies.add('registry')
  return {
    lagMsMax: registry.lagMsMax,
    register: (subject, schema) => reachability.ask(() => registry.register(subject, schema)),
    schemaById: (id) => reachability.ask(() => registry.schemaById(id)),
  }
}

async function openRedis(context: EngineContext, url: string): Promise<StateBackend> {
  const { options, topology, dependencies, measurements, clock, logger, signal, waitsFor } = context
  const cacheBytesMax = options.redisCacheMb * 1_048_576
  const reachability = dependencies.add('redis', { ping: async () => (await opening).ping?.() })
  const opening = untilAnswered('Redis', { clock, logger, signal, waitsFor, waitMsMax: REDIS_WAIT_MS }, () =>
    openRedisBackend({ url, app: topology.name, cacheBytesMax, measurements, clock, logger, reachability }),
  )
  return opening
}

/** Whatever the engine asks of the brokers tells whether they answer, and it asks for the ends of its logs every second. */
async function openBrokers(
  { options, topology, directory, dependencies, clock, logger }: EngineContext,
  brokers: string,
) {
  const cluster = await openRemoteCluster({
    brokers: brokers.split(','),
    clientId: topology.name,
    clock,
    random: Math.random,
    logger,
    compression: options.compression,
    reachability: dependencies.add('kafka', { toleratedMs: seconds(3) }),
  })
  mkdirSync(directory.log, { recursive: true })
  const registry = await openEmbeddedRegistry({ file: join(directory.log, 'schemas.jsonl') })
  return { cluster, registry, maintain: async () => {}, close: () => cluster.close() }
}

function membershipOf(
  { options, topology, directory, clock }: EngineContext,
  cluster: Cluster,
): Membership | undefined {
  if (options.kafka === undefined) return undefined
  return joinGroup(topology, {
    cluster,
    instanceId: options.instanceId ?? keptInstanceId(directory),
    clock,
    sessionTimeoutMs: SESSION_TIMEOUT_MS,
    rebalanceTimeoutMs: REBALANCE_TIMEOUT_MS,
    heartbeatIntervalMs: HEARTBEAT_INTERVAL_MS,
  })
}

/** Kept in the data directory: a restarted process takes its partitions back without a rebalance. */
function keptInstanceId({ members }: DataDirectory): string {
  const file = join(members, 'instance-id')
  if (!existsSync(file)) {
    mkdirSync(members, { recursive: true })
    writeFileSync(file, randomUUID())
  }
  return readFileSync(file, 'utf8').trim()
}
