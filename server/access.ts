// Every route says who may use it; one that does not is a bug that stops the server at its start.
import type { FastifyInstance } from 'fastify'

/** `read` shows, `write` changes data, `admin` changes the running application. */
export type Access = 'read' | 'write' | 'admin'

declare module 'fastify' {
  interface FastifyContextConfig {
    access?: Access
  }
}

export const read = { config: { access: 'read' } } as const

export function requireAccess(server: FastifyInstance): void {
  server.addHook('onRoute', ({ method, url, config }) => {
    if (config?.access === undefined) throw new Error(`route ${method} ${url} does not declare its access`)
  })
}
