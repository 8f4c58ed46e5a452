// The engine of the program: what it stands on (open-services.ts), Postgres embedded or elsewhere, and the application on top.
import type { Cluster } from '../kafka/cluster.ts'
import { Application } from '../runtime/application.ts'
import type { SchemaRegistry } from '../serdes/schema-registry.ts'
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../sinks/postgres/embedded-server.ts'
import { createPostgresSink } from '../sinks/postgres/postgres-sink.ts'
import { openRowReader, type RowReader } from '../sinks/postgres/row-reader.ts'
import { engineChecks } from './engine-checks.ts'
import { openServices } from './open-services.ts'
import type { Engine, EngineContext, ReadyCheck } from './program.ts'

/** Compaction, retention and timeouts of the embedded cluster. */
const MAINTENANCE_INTERVAL_MS = 10_000

export async function startEngine(context: EngineContext): Promise<Engine> {
  const { options, topology, dependencies, measurements, clock, logger } = context
  const closers: (() => Promise<void>)[] = []
  try {
    const { cluster, registry, backend, membership, maintain } = await openServices(context, closers)
    const postgres = await postgresOf(context)
    closers.push(postgres.stop)
    const reader = openRowReader(postgres.url)
    closers.push(() => reader.close())
    dependencies.add('postgres', { ping: () => reader.rows('SELECT 1') })
    const sink = createPostgresSink({
      connection: postgres.url,
      schema: topology.name,
      app: topology.name,
      clock,
      random: Math.random,
      measurements,
    })
    closers.push(() => sink.close())
    if (options.fresh && mayClear(context)) await sink.clearSchema()
    const application = await Application.start({
      ...{ topology, cluster, registry, sink, clock, logger, measurements },
      backend,
      ...(membership === undefined ? {} : { membership }),
      autoCreateTopics: options.autoCreateTopics,
      patience: { signal: context.signal, waitsFor: context.waitsFor },
      config: {
        commitIntervalMs: options.commitIntervalMs,
        badLimit: options.badLimit,
        // A bounded run never declares an input idle: its answer depends on the records alone.
        ...(options.untilDone ? { idleAfterMs: Number.POSITIVE_INFINITY } : {}),
      },
    })
    return new RunningEngine({
      application,
      cluster,
      registry,
      maintain,
      postgresUrl: postgres.url,
      reader,
      closers,
      maintenanceClock: clock,
    })
  } catch (error) {
    for (const close of closers.reverse()) await close()
    throw error
  }
}

/** The embedded Postgres is ours, wherever its data lies; another one is cleared only by the name of the schema. */
function mayClear({ options, topology }: EngineContext): boolean {
  return options.postgres === undefined || options.confirm === topology.name
}

async function postgresOf({
  options,
  directory,
  logger,
}: EngineContext): Promise<{ readonly url: string; readonly stop: () => Promise<void> }> {
  if (options.postgres !== undefined) return { url: options.postgres, stop: async () => {} }
  const server: EmbeddedPostgres = await startEmbeddedPostgres({ directory: directory.postgres, logger })
  return { url: server.url, stop: () => server.stop() }
}

interface Parts {
  readonly application: Application
  readonly cluster: Cluster
  readonly registry: SchemaRegistry
  readonly maintain: () => Promise<void>
  readonly postgresUrl: string
  readonly reader: RowReader
  /** In the order of opening; closed in the reverse. */
  readonly closers: (() => Promise<void>)[]
  readonly maintenanceClock: EngineContext['clock']
}

class RunningEngine implements Engine {
  readonly cluster: Cluster
  readonly registry: SchemaRegistry
  readonly postgresUrl: string
  readonly rows: Engine['rows']
  readonly stores: Engine['stores']
  readonly ended: Promise<void>
  private readonly parts: Parts
  private readonly running: Promise<void>
  private readonly closing = new AbortController()

  constructor(parts: Parts) {
    this.parts = parts
    this.cluster = parts.cluster
    this.registry = parts.registry
    this.postgresUrl = parts.postgresUrl
    this.rows = (sql, parameters) => parts.reader.rows(sql, parameters)
    this.stores = parts.application.stores
    this.running = Promise.all([parts.application.run(), this.maintain()]).then(() => {})
    this.ended = this.running.then(() => new Promise<void>(() => {}))
    // Whoever closes the engine before it fails does not look at `ended`.
    this.ended.catch(() => {})
  }

  snapshot() {
    return this.parts.application.snapshot()
  }

  polledAt(): number | undefined {
    return this.parts.application.polledAt
  }

  checks(): readonly ReadyCheck[] {
    return engineChecks(() => this.snapshot())
  }

  isCaughtUp(): Promise<boolean> {
    return this.parts.application.isCaughtUp()
  }

  async close(): Promise<void> {
    const { application, closers } = this.parts
    this.closing.abort()
    application.stop()
    await this.running.catch(() => {})
    await application.close()
    for (const close of [...closers].reverse()) await close()
  }

  private async maintain(): Promise<void> {
    const { maintain, maintenanceClock } = this.parts
    const { signal } = this.closing
    while (!signal.aborted) {
      await maintenanceClock.sleep(MAINTENANCE_INTERVAL_MS, signal)
      if (!signal.aborted) await maintain()
    }
  }
}
