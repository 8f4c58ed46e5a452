// What a restart costs when Redis holds a million keys and a million open windows: nothing is restored, and nothing read that is not asked for.
import { randomUUID } from 'node:crypto'
import { Redis } from 'ioredis'
import { describe, expect, it } from 'vitest'
import { ByteWriter } from '../../../core/byte-writer.ts'
import { hours, minutes } from '../../../core/duration.ts'
import type { Application } from '../../../runtime/application.ts'
import type { Changes, StateBackend } from '../../../state/backend.ts'
import { openRedisBackend } from '../../../state/redis/redis-backend.ts'
import { writeStart } from '../../../state/window-store.ts'
import { useNativeRedis } from '../../services/redis.ts'
import { settle, VisitPlace, visitStart } from '../../support/visits.ts'

const TASK = { subtopology: 0, partition: 0 }
const ENTRIES = 1_000_000
/** Windows of an hour with a grace of two days: all of them are open. */
const HOURS = 48
/** On a machine of its own it takes some ten ms. */
const RUNNING_MS_MAX = 1_000
/** A day of windows is read in parts: as a whole it takes seconds, a part some 30 ms. */
const STEP_MS_MAX = 500

describe('a restart on a full Redis', () => {
  const redis = useNativeRedis()

  it('runs at once, and closes windows that it never loaded', { timeout: minutes(3) }, async () => {
    const place = await VisitPlace.open()
    const app = randomUUID()
    const open = () => openRedisBackend({ url: redis().url, app })
    const before = await open()
    const first = await place.start(before, [TASK])
    await write(place, first, 1, 0)
    await write(place, first, 1, hours(HOURS - 1))
    await first.close()
    await fill(before, place)
    await before.close()

    const after = await open()
    let claimedAt = 0
    const second = await place.start(after, [TASK], (step) => {
      if (step === 'S5') claimedAt = performance.now()
    })
    while (!second.worker.isRunning()) await second.step()
    const runningMs = performance.now() - claimedAt
    await write(place, second, 1_000, hours(HOURS - 1))
    const processedMs = performance.now() - claimedAt
    const scans = await scansOf(redis().url)
    await place.write({ key: 1_000, after: hours(HOURS + 1), pages: 1, partition: TASK.partition })
    const longestMs = await longestStepOf(second)
    const closedMs = performance.now() - claimedAt - processedMs
    console.log(
      `${ENTRIES} keys and as many open windows: running ${runningMs.toFixed(0)} ms after the claim, first record committed after ${processedMs.toFixed(0)} ms; first windows closed in ${closedMs.toFixed(0)} ms, no step longer than ${longestMs.toFixed(0)} ms`,
    )

    expect(runningMs).toBeLessThan(RUNNING_MS_MAX)
    expect(scans).toBe(0)
    expect(longestMs).toBeLessThan(STEP_MS_MAX)
    expect((await second.stores.find({ store: 'totals', key: '1000' })).found[0]?.value).toMatchObject({ value: 4 })
    const windows = await second.stores.find({
      store: 'hourly',
      key: '77',
      from: visitStart,
      to: visitStart + hours(2),
    })
    expect(windows.found[0]?.value).toMatchObject([{ value: { isFinal: true } }, { value: { isFinal: false } }])
    await second.close()
    await after.close()
    await place.cluster.close()
  })
})

async function write(place: VisitPlace, application: Application, key: number, after: number): Promise<void> {
  await place.write({ key, after, pages: 1, partition: TASK.partition })
  await settle(application)
}

/** Until the application is caught up, ms. */
async function longestStepOf(application: Application): Promise<number> {
  let longestMs = 0
  do {
    const begun = performance.now()
    await application.step()
    longestMs = Math.max(longestMs, performance.now() - begun)
  } while (!(await application.isCaughtUp()))
  return longestMs
}

/** As if the task had written them: other keys with the values of key 1, at its place in the log. */
async function fill(backend: StateBackend, { topology }: VisitPlace): Promise<void> {
  const stores = topology.subtopologies[0]?.stores ?? []
  const view = backend.view(TASK, '', stores)
  const total = await view.read('totals', [keyOf(1)])
  const window = await view.read('hourly', [keyOf(1, visitStart)])
  if (total?.values[0] === undefined || window?.values[0] === undefined) throw new Error('key 1 was not written')
  const { checkpoint } = total
  const state = backend.open(TASK, '', stores)
  const move = { ...checkpoint, from: checkpoint.offset, to: checkpoint.offset }
  for (let from = 0; from < ENTRIES; from += 50_000) {
    await state.apply(
      copies('totals', total.values[0], from, (i) => keyOf(i + 2)),
      move,
    )
    const windowKey = (i: number) => keyOf(Math.floor(i / HOURS) + 2, visitStart + hours(i % HOURS))
    await state.apply(copies('hourly', window.values[0], from, windowKey), move)
  }
}

function copies(store: string, value: Buffer, from: number, key: (i: number) => Buffer): Changes {
  return {
    count: 50_000,
    forEach: (visit) => {
      for (let i = from; i < from + 50_000; i++) {
        const bytes = key(i)
        visit(store, bytes, 0, bytes.length, value, 0, value.length)
      }
    },
  }
}

function keyOf(key: number, start?: number): Buffer {
  const writer = new ByteWriter(16)
  writer.reserve(4)
  writer.position = writer.buffer.writeInt32BE(key, 0)
  if (start !== undefined) writeStart(start, writer)
  return writer.copy()
}

async function scansOf(url: string): Promise<number> {
  const redis = new Redis(url)
  const calls = /^cmdstat_hscan:calls=(\d+)/m.exec(await redis.info('commandstats'))?.[1]
  redis.disconnect()
  return Number(calls ?? 0)
}
