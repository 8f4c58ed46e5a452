// Routes for whoever watches from outside: alive, ready, metrics.
import type { FastifyInstance } from 'fastify'
import { read } from './access.ts'
import { isLive, type ReadyCheck, runChecks } from './health.ts'
import type { ServerOptions } from './http-server.ts'

export function healthRoutes(server: FastifyInstance, options: ServerOptions): void {
  const { clock, metrics, measurements } = options
  const checked = () => runChecks([runningCheck(options), ...options.checks()], clock)

  server.get('/livez', read, async (_request, reply) => {
    const live = isLive(options.polledAt(), clock.now())
    return reply
      .code(live ? 200 : 503)
      .type('text/plain; charset=utf-8')
      .send(live ? 'ok\n' : 'the poll loop does not come round\n')
  })

  server.get('/readyz', read, async (_request, reply) => {
    const results = await checked()
    return reply
      .code(results.every(({ ok }) => ok) ? 200 : 503)
      .type('application/x-ndjson; charset=utf-8')
      .send(results.map((result) => `${JSON.stringify(result)}\n`).join(''))
  })

  /** The same for pages: an answer about trouble is no trouble of its own. */
  server.get('/api/checks', read, async () => ({ at: clock.now(), checks: await checked() }))

  server.get('/metrics', read, async (_request, reply) => {
    for (const { check, ok } of await checked()) measurements.cell('streams_check_ok', { check }).value = ok ? 1 : 0
    return reply.type(metrics.contentType).send(await metrics.render())
  })
}

/** A rebalance does not stop the work, so it is no reason to send readers away. */
function runningCheck({ snapshot }: ServerOptions): ReadyCheck {
  return {
    name: 'application',
    check: async () => {
      const state = snapshot()?.state ?? 'starting'
      if (state !== 'running' && state !== 'rebalancing') throw new Error(`it is ${state}`)
    },
  }
}
