// What lies in Redis: names, segments by day, counts; and that nothing there ever expires.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ByteWriter } from '../../../core/byte-writer.ts'
import { StateCorrupted } from '../../../core/errors.ts'
import { t } from '../../../serdes/schema.ts'
import { StoreLayout } from '../../../state/redis/store-layout.ts'
import { keyValueStore, windowStore } from '../../../state/store-definitions.ts'
import { writeStart } from '../../../state/window-store.ts'
import { useRedis } from '../../services/redis.ts'
import { changesOf } from '../changes-of.ts'
import { expectWalkToMeetWhatStays } from '../walked-while-written.ts'
import { apply, claim, contents, move, openPlace, put, read, TASK } from './place.ts'

const SCHEMAS = { key: t.string, value: t.string }
const WINDOWED = [windowStore('volume', SCHEMAS), keyValueStore('cases', SCHEMAS)]
const BY_KEY = [keyValueStore('volume', SCHEMAS)]

describe('keys in Redis', () => {
  const redis = useRedis()

  it('begin with the application and the task, hold a window store by UTC day, and never expire', async () => {
    const { state, key, redis: other } = await openPlace(redis().url, { stores: WINDOWED })
    await claim(state, 5)
    const first = windowKey('Mission', '2024-06-01T23:00:00Z')
    const second = windowKey('Mission', '2024-06-02T00:00:00Z')
    const old = windowKey('Mission', '1969-12-31T23:00:00Z')
    await apply(state, [put(first, '1', 'volume'), put(second, '2', 'volume'), put(old, '0', 'volume')], move(5, 0, 10))
    await apply(state, [put('case 1', 'open', 'cases')], move(5, 10, 12))
    const keys = (await other.keys(`${key.replace(/[{}]/g, '?')}*`)).sort()
    expect(keys).toEqual([
      key,
      `${key}:5:day:1969-12-31:volume`,
      `${key}:5:day:2024-06-01:volume`,
      `${key}:5:day:2024-06-02:volume`,
      `${key}:5:map:cases`,
    ])
    expect(await Promise.all(keys.map((name) => other.ttl(name)))).toEqual(keys.map(() => -1))
    expect(await read(state, { token: 5, offset: 12 }, [second, old, first], 'volume')).toEqual(['2', '0', '1'])
    expect(Object.keys(await contents(state, 'volume'))).toHaveLength(3)
    expect(state.entries('volume')).toBe(3)
  })

  it('go with their last entry, and all of them with a wipe', async () => {
    const { state, key, redis: other } = await openPlace(redis().url, { stores: WINDOWED })
    await claim(state, 5)
    const starts = Array.from({ length: 50 }, (_, i) => windowKey('Mission', new Date(i * 86_400_000).toISOString()))
    await apply(
      state,
      starts.map((start) => put(start, '1', 'volume')),
      move(5, 0, 51),
    )
    await state.apply(
      changesOf(starts.slice(0, 20).map((start) => ({ store: 'volume', key: start, value: undefined }))),
      move(5, 51, 80),
    )
    const pattern = `${key.replace(/[{}]/g, '?')}*`
    expect(await other.keys(pattern)).toHaveLength(31)
    expect((await other.hkeys(key)).filter((field) => field.startsWith('entries:'))).toHaveLength(30)
    expect(state.bytes('volume')).toBe(30 * (starts[0]?.length ?? 0) + 30)
    await state.wipe(6, 'topic-1')
    expect(await other.keys(pattern)).toEqual([key])
  })

  it('are wiped when a store was redefined as one of another kind', async () => {
    const { state, backend } = await openPlace(redis().url, { stores: WINDOWED })
    await claim(state, 5)
    await apply(state, [put(windowKey('Mission', '2024-06-01T23:00:00Z'), '1', 'volume')], move(5, 0, 10))
    const redefined = backend.open(TASK, 'changelog', BY_KEY)
    expect(await claim(redefined, 6)).toMatchObject({ token: 6, offset: 0 })
    expect(await contents(redefined, 'volume')).toEqual({})
  })

  it('stay where they are for a store that the topology names no more', async () => {
    const { state, backend } = await openPlace(redis().url, { stores: WINDOWED })
    await claim(state, 5)
    const start = windowKey('Mission', '2024-06-01T23:00:00Z')
    await apply(state, [put(start, '1', 'volume')], move(5, 0, 10))
    const without = backend.open(TASK, 'changelog', [])
    await claim(without, 6)
    // The tail of the log still has an entry of it.
    await apply(without, [put(start, '2', 'volume')], move(6, 10, 12))
    const again = backend.open(TASK, 'changelog', WINDOWED)
    expect(await claim(again, 7)).toMatchObject({ offset: 12 })
    expect(await read(again, { token: 7, offset: 12 }, [start], 'volume')).toEqual(['2'])
    expect(again.entries('volume')).toBe(1)
  })
})

describe('reading and flushing at the same time', () => {
  const redis = useRedis()

  it('a read may follow a flush without waiting for it', async () => {
    const { state } = await openPlace(redis().url, { bounds: { fieldsMax: 1, bytesMax: 1_000 } })
    await claim(state, 5)
    const flushed = apply(state, [put('a', '1'), put('b', '1'), put('c', '1')], move(5, 0, 10))
    const values = read(state, { token: 5, offset: 10 }, ['a', 'b', 'd'])
    await flushed
    expect(await values).toEqual(['1', '1', undefined])
  })

  it('a read that a flush overtakes is refused, and does not enter the cache', async () => {
    const { state } = await openPlace(redis().url)
    await claim(state, 5)
    await apply(state, [put('a', '1')], move(5, 0, 10))
    await claim(state, 6)
    const overtaken = read(state, { token: 6, offset: 10 }, ['a'])
    const flushed = apply(state, [put('a', '2')], move(6, 10, 12))
    await expect(overtaken).rejects.toThrow(StateCorrupted)
    await flushed
    expect(await read(state, { token: 6, offset: 12 }, ['a'])).toEqual(['2'])
  })

  it('a walk in parts meets what was there all the while, although more is written between them', async () => {
    const { state } = await openPlace(redis().url)
    await expectWalkToMeetWhatStays(state)
  })

  it('a scan visits each key once while the hash shrinks, although Redis may name one twice', async () => {
    const { state } = await openPlace(redis().url)
    await claim(state, 5)
    for (let round = 0, offset = 0; round < 20; round++, offset += 20_000) {
      const all = Array.from({ length: 5_000 }, (_, i) => `${round}-${i}`)
      const puts = all.map((key) => put(key, 'v'))
      await apply(state, puts, move(5, offset, offset + 10_000))
      const visits = new Map<string, number>()
      const scanned = state.walk('s').next(Number.POSITIVE_INFINITY, (key) => {
        visits.set(key.toString(), (visits.get(key.toString()) ?? 0) + 1)
      })
      const deletes = all.slice(300).map((key) => ({ store: 's', key, value: undefined }))
      await apply(state, deletes, move(5, offset + 10_000, offset + 20_000))
      await scanned
      expect([...visits].filter(([, times]) => times > 1)).toEqual([])
      expect(all.slice(0, 300).filter((key) => !visits.has(key))).toEqual([])
    }
  })
})

describe('the layout', () => {
  it('names the day on which a window starts, for any start', () => {
    const layout = new StoreLayout(WINDOWED)
    fc.assert(
      fc.property(fc.date({ noInvalidDate: true }), fc.string(), (date, key) => {
        const bytes = windowKey(key, date.toISOString())
        const day = date.toISOString().replace(/T.*/, '')
        expect(layout.hashName('volume', bytes, 0, bytes.length)).toBe(`day:${day}:volume`)
      }),
    )
  })
})

function windowKey(key: string, start: string): Buffer {
  const writer = new ByteWriter()
  writer.text(key)
  writeStart(Date.parse(start), writer)
  return writer.copy()
}
