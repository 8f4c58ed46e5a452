// What every answer keeps: security headers, errors as JSON without insides, and only requests that name this server.
import type { FastifyError, FastifyInstance } from 'fastify'
import type { ServerOptions } from './http-server.ts'

const headers = {
  'content-security-policy': "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
}

const localNames = ['127.0.0.1', 'localhost', '[::1]']

export function keepRules(server: FastifyInstance, { logger, address }: ServerOptions): void {
  const names = new Set([...localNames, address?.host])
  server.addHook('onRequest', async (request, reply) => {
    reply.headers(headers)
    // A page on the web could otherwise reach us under a name of its own that it lets point to this machine.
    if (!names.has(request.hostname))
      await reply.code(421).send({ error: 'this server answers to 127.0.0.1 and to the name that --host gives' })
  })
  server.setErrorHandler((error: FastifyError, request, reply) => {
    const status = error.statusCode ?? 500
    if (status >= 500) logger.error('a request failed', { route: request.routeOptions.url, reason: error.message })
    return reply.code(status).send({ error: status >= 500 ? 'this did not work; the log says why' : error.message })
  })
  server.setNotFoundHandler((_request, reply) => reply.code(404).send({ error: 'there is nothing here; see /' }))
}
