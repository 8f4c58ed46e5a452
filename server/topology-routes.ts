// Routes that show the topology: as text, Mermaid or JSON, and as a drawing for the page.
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { type DescriptionFormat, describe } from '../topology/describe.ts'
import { read } from './access.ts'
import { drawTopology } from './drawing/drawing.ts'
import type { ServerOptions } from './http-server.ts'

const contentTypes: Readonly<Record<DescriptionFormat, string>> = {
  text: 'text/plain; charset=utf-8',
  mermaid: 'text/vnd.mermaid; charset=utf-8',
  json: 'application/json; charset=utf-8',
}
const schema = {
  querystring: {
    type: 'object',
    additionalProperties: false,
    properties: { format: { type: 'string', enum: ['text', 'mermaid', 'json'] } },
  },
} as const

interface Parameters {
  readonly format?: DescriptionFormat
}

export function topologyRoutes(server: FastifyInstance, { topology }: ServerOptions): void {
  const drawing = drawTopology(topology)

  server.get<{ Querystring: Parameters }>('/topology', { ...read, schema }, async (request, reply) => {
    const format = request.query.format ?? acceptedFormat(request)
    return reply.type(contentTypes[format]).header('vary', 'accept').send(describe(topology, format))
  })

  server.get('/api/drawing', read, async () => drawing)
}

function acceptedFormat({ headers }: FastifyRequest): DescriptionFormat {
  const accept = headers.accept ?? ''
  if (accept.includes('application/json')) return 'json'
  return accept.includes('mermaid') ? 'mermaid' : 'text'
}
