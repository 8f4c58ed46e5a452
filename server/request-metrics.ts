// Times every request by the template of its route, never by its URL.
import type { FastifyInstance } from 'fastify'
import type { Clock } from '../core/clock.ts'
import type { Measurements } from '../metrics/measurements.ts'

export function measureRequests(server: FastifyInstance, measurements: Measurements, clock: Clock): void {
  const startedAt = new WeakMap<object, number>()
  server.addHook('onRequest', async (request) => {
    startedAt.set(request, clock.now())
  })
  server.addHook('onResponse', async (request, reply) => {
    const route = request.routeOptions.url ?? 'none'
    const labels = { method: request.method, route, status: String(reply.statusCode) }
    const tookMs = clock.now() - (startedAt.get(request) ?? clock.now())
    measurements.histogram('http_request_duration_seconds', labels).observe(tookMs / 1000)
  })
}
