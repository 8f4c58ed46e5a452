// The HTTP server of a running application: which routes there are, and the rules all of them keep (address, headers, limits, access).
// It asks the application through ServerOptions and never touches it otherwise.
import Fastify, { type FastifyInstance } from 'fastify'
import type { Clock } from '../core/clock.ts'
import { seconds } from '../core/duration.ts'
import type { Logger } from '../core/logger.ts'
import type { Measurements } from '../metrics/measurements.ts'
import type { MetricsPage } from '../metrics/prometheus.ts'
import type { ApplicationSnapshot } from '../runtime/snapshot.ts'
import type { StoreQueries } from '../runtime/store-queries.ts'
import type { CompiledTopology } from '../topology/graph.ts'
import { requireAccess } from './access.ts'
import { dataRoutes } from './data-routes.ts'
import { EventStreams } from './event-streams.ts'
import type { ReadyCheck } from './health.ts'
import { healthRoutes } from './health-routes.ts'
import { type ListenAddress, listen } from './listen.ts'
import { pageRoutes } from './page-routes.ts'
import { measureRequests } from './request-metrics.ts'
import { keepRules } from './rules.ts'
import { storeRoutes } from './store-routes.ts'
import type { ReadTopic } from './topic-records.ts'
import { topologyRoutes } from './topology-routes.ts'
import type { VolumeQuery, VolumeRow } from './volume.ts'

export interface ServerOptions {
  readonly title: string
  readonly version: string
  /** IANA zone in which people read hours. */
  readonly zone: string
  /** Default: 127.0.0.1, which only this machine reaches. */
  readonly address?: ListenAddress
  readonly topology: CompiledTopology
  readonly measurements: Measurements
  readonly metrics: MetricsPage
  readonly clock: Clock
  readonly logger: Logger
  /** Undefined while the application starts. */
  readonly snapshot: () => ApplicationSnapshot | undefined
  /** When the poll loop last came round, ms UTC; undefined before its first round. */
  readonly polledAt: () => number | undefined
  readonly checks: () => readonly ReadyCheck[]
  readonly readVolume: (query: VolumeQuery) => Promise<readonly VolumeRow[]>
  readonly readTopic: ReadTopic
  readonly stores: () => StoreQueries
}

export interface HttpServer {
  /** 0 picks a free port. Returns the page's address. @throws StreamsError `port_in_use`, `remote_not_allowed` */
  listen(port: number): Promise<string>
  close(): Promise<void>
  /** For tests: answers without a socket. */
  readonly inject: FastifyInstance['inject']
}

export function createServer(options: ServerOptions): HttpServer {
  const server = Fastify({
    bodyLimit: 64 * 1024,
    requestTimeout: seconds(30),
    connectionTimeout: seconds(60),
    keepAliveTimeout: seconds(30),
    forceCloseConnections: true,
    routerOptions: { maxParamLength: 300, ignoreTrailingSlash: true },
  })
  const events = new EventStreams(options)
  requireAccess(server)
  keepRules(server, options)
  measureRequests(server, options.measurements, options.clock)
  healthRoutes(server, options)
  topologyRoutes(server, options)
  dataRoutes(server, options)
  storeRoutes(server, options)
  pageRoutes(server, options)
  events.routes(server)
  return {
    listen: (port) => listen(server, port, options.address),
    inject: server.inject.bind(server),
    close: async () => {
      events.close()
      await server.close()
    },
  }
}
