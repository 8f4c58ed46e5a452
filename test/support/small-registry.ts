// A schema registry on this machine for one test: what Confluent's interface asks of an embedded one, over HTTP, with the troubles a network has.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import { onTestFinished } from 'vitest'
import { openEmbeddedRegistry } from '../../serdes/registry/embedded.ts'
import type { SchemaRegistry } from '../../serdes/schema-registry.ts'

export class SmallRegistry {
  readonly url: string
  /** `GET /schemas/ids/1` and so on, in order. */
  readonly asked: string[] = []
  /** What it does with every question. */
  mood: 'answers' | 'refuses' | 'drops' = 'answers'
  /** Ids that it will know later: a copy of a registry that lags behind. */
  readonly hidden = new Set<number>()

  private constructor(url: string) {
    this.url = url
  }

  /** Closed when the test has finished. */
  static async open(): Promise<SmallRegistry> {
    const schemas = await openEmbeddedRegistry()
    const server = createServer((request, response) => {
      registry.answer(schemas, request, response).catch(() => response.destroy())
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => {
      server.closeAllConnections()
      server.close()
    })
    const address = server.address()
    const registry = new SmallRegistry(`http://127.0.0.1:${typeof address === 'object' ? address?.port : address}`)
    return registry
  }

  private async answer(schemas: SchemaRegistry, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const asked = `${request.method} ${request.url}`
    this.asked.push(asked)
    const say = (status: number, body: object) => response.writeHead(status).end(JSON.stringify(body))
    if (this.mood === 'drops') return void response.destroy()
    if (this.mood === 'refuses') return void say(401, { error_code: 40101 })
    const [, subject] = /^POST \/subjects\/([^/]+)$/.exec(asked) ?? []
    if (subject !== undefined) {
      const { schema } = JSON.parse(await text(request))
      return void say(200, { id: await schemas.register(decodeURIComponent(subject), schema) })
    }
    const id = Number(/^GET \/schemas\/ids\/(\d+)$/.exec(asked)?.[1])
    const schema = this.hidden.has(id) ? undefined : await schemas.schemaById(id)
    if (schema === undefined) say(404, { error_code: 40403, message: 'Schema not found' })
    else say(200, { schema })
  }
}
