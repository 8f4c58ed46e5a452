// What others may ask of the stores of a running application.
import { randomUUID } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../core/clock.ts'
import { hours, minutes } from '../../core/duration.ts'
import type { Application } from '../../runtime/application.ts'
import { ApplicationStores } from '../../runtime/store-queries.ts'
import type { StateBackend } from '../../state/backend.ts'
import { MemoryBackend } from '../../state/memory/memory-backend.ts'
import { openRedisBackend } from '../../state/redis/redis-backend.ts'
import { useRedis } from '../services/redis.ts'
import { settle, VisitPlace, type VisitRow, visitStart, visitTopology } from '../support/visits.ts'

const rows: readonly VisitRow[] = [
  { key: 1, after: minutes(10), pages: 2 },
  { key: 1, after: minutes(20), pages: 3 },
  { key: 1, after: hours(3), pages: 4 },
]

describe('asked for a key, stores', () => {
  const redis = useRedis()
  for (const [kind, open] of [
    ['in memory', async () => new MemoryBackend()],
    ['in Redis', () => openRedisBackend({ url: redis().url, app: randomUUID() })],
  ] as const)
    describe(kind, () => {
      let place: VisitPlace
      let backend: StateBackend
      let application: Application
      beforeEach(async () => {
        place = await VisitPlace.open()
        backend = await open()
        application = await place.start(backend)
        await place.write(...rows)
        await settle(application)
      })
      afterEach(async () => {
        await application.close()
        await backend.close()
        await place.cluster.close()
      })

      it('answer with the value, the offset and the event time that it reflects', async () => {
        const { store, found } = await application.stores.find({ store: 'totals', key: '1' })
        expect(store).toBe('totals')
        const { offset, partition } = found[0] ?? {}
        const streamTime = visitStart + hours(3)
        expect(found).toEqual([
          { partition, offset, streamTime, value: { value: 9, timestamp: streamTime, clock: streamTime } },
        ])
        await place.write({ key: 1, after: hours(4), pages: 1 })
        await settle(application)
        const later = (await application.stores.find({ store: 'totals', key: '1' })).found[0]
        expect(later).toMatchObject({ partition, streamTime: visitStart + hours(4), value: { value: 10 } })
        expect(later?.offset).toBeGreaterThan(offset ?? 0)
      })

      it('show the windows of a key that begin in a range', async () => {
        const ask = (from: number, to: number) =>
          application.stores.find({ store: 'hourly', key: '1', from: visitStart + from, to: visitStart + to })
        expect((await ask(0, hours(4))).found[0]?.value).toMatchObject([
          { start: visitStart, value: { value: 5, isFinal: false } },
          { start: visitStart + hours(3), value: { value: 4, isFinal: false } },
        ])
        expect((await ask(1, hours(4))).found[0]?.value).toMatchObject([{ start: visitStart + hours(3) }])
        await expect(ask(hours(1), hours(3))).rejects.toMatchObject({ code: 'no_such_key' })
      })

      it('show all sessions of a key', async () => {
        expect((await application.stores.find({ store: 'stays', key: '1' })).found[0]?.value).toMatchObject([
          { start: visitStart + minutes(10), end: visitStart + minutes(20), value: { value: 5 } },
          { start: visitStart + hours(3), end: visitStart + hours(3), value: { value: 4 } },
        ])
      })

      it('say what is wrong with a question', async () => {
        const ask = (request: Parameters<typeof application.stores.find>[0]) => application.stores.find(request)
        await expect(ask({ store: 'total', key: '1' })).rejects.toThrow(
          'there is no store total; there are totals, hourly, stays',
        )
        await expect(ask({ store: 'totals', key: 'one' })).rejects.toMatchObject({
          code: 'bad_key',
          message: expect.stringContaining('keys of "int"'),
        })
        await expect(ask({ store: 'totals', key: '7' })).rejects.toMatchObject({ code: 'no_such_key' })
        await expect(ask({ store: 'totals', key: '1', from: 0 })).rejects.toMatchObject({ code: 'bad_range' })
        await expect(ask({ store: 'hourly', key: '1' })).rejects.toMatchObject({ code: 'bad_range' })
        await expect(ask({ store: 'hourly', key: '1', from: 0, to: visitStart })).rejects.toThrow(
          'more than 1000 windows',
        )
      })

      it('leave no trace in what their owner holds', async () => {
        const task = application.worker.tasks.find(({ state }) => state.entries('totals') > 0)
        const before = task?.state.bytes('totals')
        for (let key = 2; key < 500; key++)
          await application.stores.find({ store: 'totals', key: `${key}` }).catch(() => {})
        expect(task?.state.bytes('totals')).toBe(before)
        await place.write({ key: 2, after: hours(5), pages: 1 })
        await settle(application)
        expect((await application.stores.find({ store: 'totals', key: '2' })).found).toHaveLength(1)
      })
    })

  it('in Redis answer any process, also one that runs nothing', async () => {
    const place = await VisitPlace.open()
    const app = randomUUID()
    const backend = await openRedisBackend({ url: redis().url, app })
    const application = await place.start(backend)
    await place.write(...rows)
    await settle(application)
    const other = await openRedisBackend({ url: redis().url, app })
    const stores = new ApplicationStores(visitTopology(), other, systemClock, () => [])
    expect(await stores.find({ store: 'totals', key: '1' })).toEqual(
      await application.stores.find({ store: 'totals', key: '1' }),
    )
    expect(stores.list().map(({ store, here }) => [store, here])).toEqual(
      ['totals', 'hourly', 'stays'].map((name) => [name, [0, 1]]),
    )
    await other.close()
    await application.close()
    await backend.close()
    await place.cluster.close()
  })

  it('in memory answer for the partitions that run here, and name those that do not', async () => {
    const place = await VisitPlace.open()
    const application = await place.start(new MemoryBackend(), [{ subtopology: 0, partition: 1 }])
    await place.write(...Array.from({ length: 20 }, (_, key) => ({ key, after: 0, pages: key })))
    await settle(application)
    expect(application.stores.list()[0]).toMatchObject({
      store: 'totals',
      kind: 'key-value store',
      key: 'int',
      partitions: 2,
      here: [1],
    })
    const answers = await Promise.allSettled(
      Array.from({ length: 20 }, (_, key) => application.stores.find({ store: 'totals', key: `${key}` })),
    )
    const elsewhere = answers.flatMap((answer) => (answer.status === 'rejected' ? [answer.reason] : []))
    expect(elsewhere.length).toBeGreaterThan(0)
    expect(elsewhere.length).toBeLessThan(20)
    for (const error of elsewhere)
      expect(error).toMatchObject({
        code: 'kept_elsewhere',
        message: expect.stringContaining('(1 of 2); by its key it belongs to partition 0'),
      })
    const absent = await Promise.allSettled(
      Array.from({ length: 20 }, (_, i) => application.stores.find({ store: 'totals', key: `${i + 100}` })),
    )
    const codes = absent.map((answer) => (answer.status === 'rejected' ? answer.reason.code : 'found'))
    expect(new Set(codes)).toEqual(new Set(['no_such_key', 'kept_elsewhere']))
    await application.close()
    await place.cluster.close()
  })
})
