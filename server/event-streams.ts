// Server-sent events: every second one snapshot to every open page. Each event is whole, so a page that missed some needs only the next.
import type { ServerResponse } from 'node:http'
import type { FastifyInstance } from 'fastify'
import { seconds } from '../core/duration.ts'
import type { Cell } from '../metrics/measurements.ts'
import { read } from './access.ts'
import type { ServerOptions } from './http-server.ts'

const clientsMax = 20
const intervalMs = seconds(1)

export class EventStreams {
  private readonly options: ServerOptions
  private readonly clients = new Set<ServerResponse>()
  private readonly openClients: Cell
  private readonly closing = new AbortController()
  private sending: Promise<void> | undefined
  private lastId = 0

  constructor(options: ServerOptions) {
    this.options = options
    this.openClients = options.measurements.cell('http_sse_clients')
  }

  routes(server: FastifyInstance): void {
    server.get('/api/events', read, async (_request, reply) => {
      if (this.clients.size >= clientsMax || this.closing.signal.aborted) {
        return reply.code(503).send({ error: `there are ${clientsMax} event streams already` })
      }
      reply.hijack()
      for (const [name, value] of Object.entries(reply.getHeaders())) {
        if (value !== undefined) reply.raw.setHeader(name, value)
      }
      this.open(reply.raw)
      return reply
    })
  }

  close(): void {
    this.closing.abort()
    for (const client of this.clients) client.end()
  }

  private open(client: ServerResponse): void {
    client.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-store' })
    client.write('retry: 2000\n\n')
    client.on('close', () => this.clients.delete(client) && this.count())
    client.on('error', () => client.destroy())
    this.clients.add(client)
    this.count()
    client.write(this.event())
    this.sending ??= this.send()
  }

  /** Runs while somebody listens. A client that does not keep up is left out until it does, so that nothing piles up. */
  private async send(): Promise<void> {
    while (this.clients.size > 0 && !this.closing.signal.aborted) {
      await this.options.clock.sleep(intervalMs, this.closing.signal)
      const event = this.event()
      for (const client of this.clients) if (!client.writableNeedDrain) client.write(event)
    }
    this.sending = undefined
  }

  private event(): string {
    return `id: ${++this.lastId}\nevent: snapshot\ndata: ${JSON.stringify(this.options.snapshot() ?? null)}\n\n`
  }

  private count(): void {
    this.openClients.value = this.clients.size
  }
}
