// Routes that read the application's stores: which there are, and what one holds under a key, with the position that the answer reflects.
import type { FastifyInstance } from 'fastify'
import { StreamsError } from '../core/errors.ts'
import { read } from './access.ts'
import type { ServerOptions } from './http-server.ts'
import { instant, parseInstant } from './instant.ts'

const schema = {
  querystring: {
    type: 'object',
    additionalProperties: false,
    properties: { from: instant, to: instant },
  },
} as const

interface Range {
  readonly from?: string
  readonly to?: string
}

const statusOf: Readonly<Record<string, number>> = {
  unknown_store: 404,
  no_such_key: 404,
  bad_key: 400,
  bad_range: 400,
  // The answer is with another process.
  kept_elsewhere: 421,
  state_moving: 503,
  redis_unavailable: 503,
}

export function storeRoutes(server: FastifyInstance, { stores, logger }: ServerOptions): void {
  server.get('/api/stores', read, async () => ({ stores: stores().list() }))

  server.get<{ Querystring: Range; Params: { store: string; key: string } }>(
    '/api/stores/:store/:key',
    { ...read, schema },
    async (request, reply) => {
      const { store, key } = request.params
      const [from, to] = [parseInstant(request.query.from), parseInstant(request.query.to)]
      if (Number.isNaN(from) || Number.isNaN(to))
        return reply.code(400).send({ error: 'from and to are ISO 8601 instants, or ms since 1970' })
      try {
        return await stores().find({ store, key, from, to })
      } catch (error) {
        const status = error instanceof StreamsError ? statusOf[error.code] : undefined
        if (!(error instanceof StreamsError) || status === undefined) throw error
        const message = status === 503 ? 'the store cannot be read now; the log says why' : error.message
        if (status === 503) logger.warn('a store was not read', { store, reason: error.message })
        return reply.code(status).send({ error: message, code: error.code })
      }
    },
  )
}
