// A server over the sample application: its clock, records and failures are in the hands of the test.
import type { Clock } from '../../core/clock.ts'
import { silentLogger } from '../../core/logger.ts'
import { createMeasurements } from '../../metrics/catalogue.ts'
import { metricsPage } from '../../metrics/prometheus.ts'
import { createServer, type HttpServer, type ServerOptions } from '../../server/http-server.ts'
import { sampleSnapshot, sampleVolume } from './sample-snapshot.ts'
import { sampleTopology } from './sample-topology.ts'

export function sampleServer(clock: Clock, changed: Partial<ServerOptions> = {}): HttpServer {
  const measurements = createMeasurements()
  return createServer({
    title: 'San Francisco 311',
    version: '0.1.0',
    zone: 'America/Los_Angeles',
    topology: sampleTopology(),
    measurements,
    metrics: metricsPage(measurements, { app: 'sf311', mode: 'live' }),
    clock,
    logger: silentLogger,
    snapshot: () => sampleSnapshot({ at: clock.now(), read: 35_490, written: 35_502 }),
    polledAt: () => clock.now(),
    checks: () => [],
    readVolume: async (query) => sampleVolume(query),
    readTopic: async () => undefined,
    stores: () => ({ list: () => [], find: async ({ store }) => ({ store, found: [] }) }),
    ...changed,
  })
}
