// The page at `/`: hand-written files served as they are, from the package's folder whether the sources or the compiled output run.
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { FastifyInstance } from 'fastify'
import { read } from './access.ts'
import type { ServerOptions } from './http-server.ts'

const files: Readonly<Record<string, { readonly file: string; readonly type: string }>> = {
  '/': { file: 'index.html', type: 'text/html; charset=utf-8' },
  '/page.css': { file: 'page.css', type: 'text/css; charset=utf-8' },
  '/favicon.svg': { file: 'favicon.svg', type: 'image/svg+xml' },
  '/page.js': { file: 'page.js', type: 'text/javascript; charset=utf-8' },
  '/live.js': { file: 'live.js', type: 'text/javascript; charset=utf-8' },
  '/format.js': { file: 'format.js', type: 'text/javascript; charset=utf-8' },
  '/elements.js': { file: 'elements.js', type: 'text/javascript; charset=utf-8' },
  '/readiness.js': { file: 'readiness.js', type: 'text/javascript; charset=utf-8' },
  '/status.js': { file: 'status.js', type: 'text/javascript; charset=utf-8' },
  '/accounting.js': { file: 'accounting.js', type: 'text/javascript; charset=utf-8' },
  '/drawing.js': { file: 'drawing.js', type: 'text/javascript; charset=utf-8' },
  '/volume.js': { file: 'volume.js', type: 'text/javascript; charset=utf-8' },
}

export function pageRoutes(server: FastifyInstance, { title, version, zone, topology }: ServerOptions): void {
  const folder = pageFolder()
  for (const [url, { file, type }] of Object.entries(files)) {
    const content = readFileSync(join(folder, file))
    server.get(url, read, async (_request, reply) => reply.type(type).header('cache-control', 'no-cache').send(content))
  }
  server.get('/api/about', read, async () => ({ title, version, zone, app: topology.name, hash: topology.hash }))
}

/** The nearest `server/page` upwards of this file: beside the sources, or a level above the compiled output. */
function pageFolder(): string {
  for (let folder = dirname(fileURLToPath(import.meta.url)); folder !== dirname(folder); folder = dirname(folder)) {
    const candidate = join(folder, 'server', 'page')
    if (existsSync(join(candidate, 'index.html'))) return candidate
  }
  throw new Error('the files of the page (server/page) are missing from this installation')
}
