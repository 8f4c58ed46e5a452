import { expect, test } from 'vitest'
import { Dependencies } from '../../cli/dependencies.ts'
import { ManualClock } from '../../core/clock.ts'
import { Retriable } from '../../core/errors.ts'
import { runChecks } from '../../server/health.ts'

test('says of each dependency whether it answers, why not, and since when', async () => {
  const clock = new ManualClock(Date.UTC(2026, 0, 2))
  const dependencies = new Dependencies(clock)
  const kafka = dependencies.add('kafka', { toleratedMs: 3_000 })
  dependencies.add('redis', { ping: async () => 'PONG' })
  dependencies.add('postgres', { ping: () => Promise.reject(new Error('connection refused')) })
  const noBroker = () => Promise.reject(new Retriable('no_broker', 'no broker can be reached'))
  await expect(kafka.ask(noBroker)).rejects.toThrow()
  clock.advance(3_000)
  expect(await runChecks(dependencies.checks(), clock)).toEqual([
    { check: 'kafka', ok: false, reason: 'no broker can be reached', since: '2026-01-02T00:00:00.000Z' },
    { check: 'redis', ok: true },
    { check: 'postgres', ok: false, reason: 'connection refused', since: '2026-01-02T00:00:03.000Z' },
  ])
})
