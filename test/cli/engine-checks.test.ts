import { expect, test } from 'vitest'
import { engineChecks } from '../../cli/engine-checks.ts'
import { ManualClock } from '../../core/clock.ts'
import type { ApplicationSnapshot } from '../../runtime/snapshot.ts'
import { runChecks } from '../../server/health.ts'
import { sampleSnapshot } from '../server/sample-snapshot.ts'

const at = Date.UTC(2026, 0, 1)
const ago = (ms: number) => ({ since: at - ms })
const check = (parts: Partial<ApplicationSnapshot>) =>
  runChecks(
    engineChecks(() => ({ ...sampleSnapshot({ at, read: 0, written: 0 }), ...parts })),
    new ManualClock(at),
  )
const place = { topic: 'raw', partition: 1, offset: 7 }
const awaited = { ...place, schemaId: 12, reason: 'GET http://there/schemas/ids/12 was not answered' }

test('is ready while nothing stands still, or for a moment only', async () => {
  const heldBack = [{ ...place, ...ago(60_000) }]
  const awaitedSchemas = [{ ...awaited, ...ago(2_000) }]
  const ready = [
    { check: 'transactions', ok: true },
    { check: 'schemas', ok: true },
  ]
  expect(await check({})).toEqual(ready)
  expect(await check({ heldBack, awaitedSchemas })).toEqual(ready)
})

test('names the partition that waits for a schema longest, where, for which, why and since when', async () => {
  const awaitedSchemas = [
    { ...awaited, partition: 0, ...ago(4_000) },
    { ...awaited, ...ago(60_000) },
  ]
  expect(await check({ awaitedSchemas })).toContainEqual({
    check: 'schemas',
    ok: false,
    reason: `raw-1 waits at 7 for schema 12 (and 1 more, see /api/snapshot): ${awaited.reason}`,
    since: '2025-12-31T23:59:00.000Z',
  })
})

test('names the partition where a transaction does not end, and since when', async () => {
  expect(await check({ heldBack: [{ ...place, ...ago(180_000) }] })).toContainEqual({
    check: 'transactions',
    ok: false,
    reason: 'raw-1 cannot be read beyond 7: a transaction there does not end',
    since: '2025-12-31T23:57:00.000Z',
  })
})
