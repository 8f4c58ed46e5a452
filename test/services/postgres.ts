// A Postgres for the tests of one file: the one at DATABASE_URL, else an embedded one in a folder of its own.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach } from 'vitest'
import { silentLogger } from '../../core/logger.ts'
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../sinks/postgres/embedded-server.ts'

export interface PostgresService {
  readonly url: string
  /** Undefined when the server is somebody else's: it must not be stopped or killed. */
  readonly embedded: EmbeddedPostgres | undefined
  stop(): Promise<void>
}

/** @throws when there is none to be had. */
export async function startPostgres(): Promise<PostgresService> {
  const url = process.env.DATABASE_URL
  if (url !== undefined) return { url, embedded: undefined, stop: () => Promise.resolve() }
  const directory = await mkdtemp(join(tmpdir(), 'millrace-test-postgres-'))
  const embedded = await startEmbeddedPostgres({ directory, logger: silentLogger })
  const stop = async () => {
    await embedded.stop()
    await rm(directory, { recursive: true, force: true })
    await rm(embedded.directory, { recursive: true, force: true })
  }
  return { url: embedded.url, embedded, stop }
}

/** Started before the tests of the file or `describe` that calls this, stopped after them; without one they are skipped by name, or fail where CI=true. */
export function usePostgres(): () => PostgresService {
  let service: PostgresService | undefined
  let reason = ''
  beforeAll(async () => {
    try {
      service = await startPostgres()
    } catch (error) {
      if (process.env.CI === 'true') throw error
      reason = `no Postgres: ${error instanceof Error ? error.message : String(error)}`
    }
  })
  beforeEach((context) => {
    context.skip(service === undefined, reason)
  })
  afterAll(() => service?.stop())
  return () => {
    if (service === undefined) throw new Error(reason)
    return service
  }
}
