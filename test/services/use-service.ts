// A service for the tests of one file: started before them, stopped after them; without one they are skipped by name, or fail where CI=true.
import { afterAll, beforeAll, beforeEach } from 'vitest'

export interface Service {
  stop(): Promise<void>
}

/** Call it in the file or `describe` whose tests need the service. */
export function useService<S extends Service>(name: string, start: () => Promise<S>): () => S {
  let service: S | undefined
  let reason = ''
  beforeAll(async () => {
    try {
      service = await start()
    } catch (error) {
      if (process.env.CI === 'true') throw error
      reason = `no ${name}: ${error instanceof Error ? error.message : String(error)}`
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
