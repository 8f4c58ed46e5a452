// Routes for programs: the snapshot, the counts per neighborhood, the records of a topic. Everything that comes in is checked against a schema.
import type { FastifyInstance } from 'fastify'
import { read } from './access.ts'
import type { ServerOptions } from './http-server.ts'
import { instant, parseInstant } from './instant.ts'
import { parseReadFrom } from './topic-records.ts'

const volumeSchema = {
  querystring: {
    type: 'object',
    additionalProperties: false,
    properties: {
      from: instant,
      to: instant,
      neighborhood: { type: 'string', maxLength: 200 },
      limit: { type: 'integer', minimum: 1, maximum: 50_000, default: 5000 },
    },
  },
} as const
const recordsSchema = {
  querystring: {
    type: 'object',
    additionalProperties: false,
    properties: {
      from: { type: 'string', maxLength: 10_000, default: 'end' },
      limit: { type: 'integer', minimum: 1, maximum: 1000, default: 100 },
    },
  },
} as const

interface VolumeParameters {
  readonly from?: string
  readonly to?: string
  readonly neighborhood?: string
  readonly limit: number
}

interface RecordsParameters {
  readonly from: string
  readonly limit: number
}

export function dataRoutes(server: FastifyInstance, options: ServerOptions): void {
  server.get('/api/snapshot', read, async (_request, reply) => {
    const snapshot = options.snapshot()
    return snapshot ?? reply.code(503).send({ error: 'the application is starting' })
  })

  server.get<{ Querystring: VolumeParameters }>(
    '/api/volume',
    { ...read, schema: volumeSchema },
    async (request, reply) => {
      const { from, to, neighborhood, limit } = request.query
      const query = { from: parseInstant(from), to: parseInstant(to), neighborhood, limit }
      if (Number.isNaN(query.from) || Number.isNaN(query.to)) {
        return reply.code(400).send({ error: 'from and to are ISO 8601 instants, or ms since 1970' })
      }
      return { zone: options.zone, rows: await options.readVolume(query) }
    },
  )

  server.get<{ Querystring: RecordsParameters; Params: { topic: string } }>(
    '/api/topics/:topic/records',
    { ...read, schema: recordsSchema },
    async (request, reply) => {
      const from = parseReadFrom(request.query.from)
      if (from === undefined) {
        return reply.code(400).send({ error: 'from is beginning, end, or partition:offset,…' })
      }
      const answer = await options.readTopic({ topic: request.params.topic, from, limit: request.query.limit })
      return (
        answer ?? reply.code(404).send({ error: `no topic ${request.params.topic}; there are ${topicNames(options)}` })
      )
    },
  )
}

function topicNames({ topology }: ServerOptions): string {
  return topology.topics.map(({ name }) => name).join(', ')
}
