// What a program is made of: the application that cities/ defines, the engine that runs it, and the input that feeds it.
// run.ts puts the three together; nothing here knows how any of them works inside.
import type { Clock } from '../core/clock.ts'
import type { Logger } from '../core/logger.ts'
import type { Cluster } from '../kafka/cluster.ts'
import type { Measurements } from '../metrics/measurements.ts'
import type { ApplicationSnapshot } from '../runtime/snapshot.ts'
import type { StoreQueries } from '../runtime/store-queries.ts'
import type { SchemaRegistry } from '../serdes/schema-registry.ts'
import type { ReadyCheck as HealthCheck } from '../server/health.ts'
import type { VolumeQuery, VolumeRow } from '../server/volume.ts'
import type { CompiledTopology } from '../topology/graph.ts'
import type { DataDirectory } from './data-directory.ts'
import type { Dependencies } from './dependencies.ts'
import type { Options } from './options.ts'

export type { VolumeQuery, VolumeRow }

/** The application as its own folder defines it. */
export interface ProgramDefinition {
  /** As in the names of its topics: `sf311`. */
  readonly name: string
  /** For people: `San Francisco 311`. */
  readonly title: string
  readonly version: string
  /** IANA zone in which people read its hours. */
  readonly zone: string
  topology(options: Options): CompiledTopology | Promise<CompiledTopology>
  /** Picks the input, says which and why, and begins to write it to the log. */
  startIngest(context: IngestContext): Promise<Ingest>
  /** Counts per neighborhood and hour, from the tables that the application fills. */
  readVolume(rows: RowReader, query: VolumeQuery): Promise<readonly VolumeRow[]>
}

/** Runs one statement on the application's Postgres, reading only. */
export type RowReader = (sql: string, parameters: readonly unknown[]) => Promise<readonly Record<string, unknown>[]>

export interface IngestContext {
  readonly options: Options
  readonly topology: CompiledTopology
  readonly cluster: Cluster
  readonly registry: SchemaRegistry
  readonly directory: DataDirectory
  readonly measurements: Measurements
  readonly clock: Clock
  readonly logger: Logger
  /** Records in the log that are not processed yet, from the engine's snapshot: an input waits while there are many. */
  readonly lag: () => number
  /** Aborted when the program shall end. */
  readonly signal: AbortSignal
}

export interface Ingest {
  /** Which input, and why: `the simulator (DataSF did not answer within 5 s)`. */
  readonly description: string
  /** Settles when the input has ended, or rejects when it failed for good; a live input never ends. */
  readonly ended: Promise<void>
  progress(): IngestProgress
  /** Returns after what is being written is committed. */
  stop(): Promise<void>
}

export interface IngestProgress {
  /** Records written to the log by this run. */
  readonly written: number
  /** Records that there will be, where that is known. */
  readonly total: number | undefined
}

export type ReadyCheck = HealthCheck

export interface EngineContext {
  readonly options: Options
  readonly topology: CompiledTopology
  readonly directory: DataDirectory
  /** Gets what the engine stands on, before it is opened. */
  readonly dependencies: Dependencies
  readonly measurements: Measurements
  readonly clock: Clock
  readonly logger: Logger
  /** Aborted when the program shall end: a start that waits for somebody waits no longer. */
  readonly signal: AbortSignal
  /** Told for whom the start waits and why; undefined when it goes on. */
  readonly waitsFor: (what: string | undefined) => void
}

/** The runtime with everything it stands on: cluster, registry, state, Postgres. */
export interface Engine {
  readonly cluster: Cluster
  readonly registry: SchemaRegistry
  /** With user and password, for people on this machine. */
  readonly postgresUrl: string
  readonly rows: RowReader
  readonly stores: StoreQueries
  snapshot(): ApplicationSnapshot
  /** When the poll loop last came round, ms UTC; undefined before its first round. */
  polledAt?(): number | undefined
  /** What must hold for the application to do its work, beside its dependencies. */
  checks(): readonly ReadyCheck[]
  /** Whether all that is in the log is processed, committed and durable in the sinks. */
  isCaughtUp(): Promise<boolean>
  /** Rejects when the application stops by itself; never fulfils before `close`. */
  readonly ended: Promise<void>
  /** Finishes what is in flight, commits, leaves. */
  close(): Promise<void>
}

/** What the command line needs of the rest. */
export interface ProgramParts {
  readonly definition: ProgramDefinition
  readonly startEngine: StartEngine
  readonly openLog: OpenLog
}

export type StartEngine = (context: EngineContext) => Promise<Engine>

/** The cluster and registry of a data directory that nothing runs on, for commands that only read. */
export type OpenLog = (directory: DataDirectory) => Promise<OpenedLog>

export interface OpenedLog {
  readonly cluster: Cluster
  readonly registry: SchemaRegistry
  close(): Promise<void>
}
