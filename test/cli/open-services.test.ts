// What the program waits for when it starts before its services do.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openDataDirectory } from '../../cli/data-directory.ts'
import { Dependencies } from '../../cli/dependencies.ts'
import { openServices } from '../../cli/open-services.ts'
import { parseCommandLine } from '../../cli/option-parser.ts'
import { systemClock } from '../../core/clock.ts'
import { silentLogger } from '../../core/logger.ts'
import { createMeasurements } from '../../metrics/catalogue.ts'
import { useNativeRedis } from '../services/redis.ts'
import { visitTopology } from '../support/visits.ts'

describe('a start without Redis', () => {
  const redis = useNativeRedis()
  let path: string
  beforeEach(() => {
    path = mkdtempSync(join(tmpdir(), 'millrace-services-'))
  })
  afterEach(() => rmSync(path, { recursive: true, force: true }))

  it('waits for it, says so, and goes on when it is there', async () => {
    await redis().kill()
    const { opening, waits, closers } = start(path, redis().url)
    await expect.poll(() => waits.at(-1)).toMatch(/^Redis: .*ECONNREFUSED/)
    await redis().start()
    expect((await opening).backend.kind).toBe('redis')
    expect(waits.at(-1)).toBeUndefined()
    for (const close of closers.reverse()) await close()
  })

  it('ends when the program shall', async () => {
    await redis().kill()
    const stopping = new AbortController()
    const { opening, waits, closers } = start(path, redis().url, stopping.signal)
    const ended = expect(opening).rejects.toMatchObject({ code: 'start_stopped' })
    await expect.poll(() => waits.length).toBeGreaterThan(0)
    stopping.abort()
    await ended
    for (const close of closers.reverse()) await close()
    await redis().start()
  })
})

function start(path: string, url: string, signal = new AbortController().signal) {
  const waits: (string | undefined)[] = []
  const closers: (() => Promise<void>)[] = []
  const directory = openDataDirectory(path, { fresh: false })
  closers.push(async () => directory.close())
  const { options } = parseCommandLine(['run', '--redis', url], {})
  const context = {
    ...{ options, directory, signal, topology: visitTopology() },
    ...{ measurements: createMeasurements(), clock: systemClock, logger: silentLogger },
    dependencies: new Dependencies(systemClock),
    waitsFor: (what: string | undefined) => void waits.push(what),
  }
  return { opening: openServices(context, closers), waits, closers }
}
