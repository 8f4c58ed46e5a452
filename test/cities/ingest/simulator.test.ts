import { describe, expect, test } from 'vitest'
import { Simulator } from '../../../cities/ingest/simulator.ts'
import type { Cursor, KeyedRow } from '../../../cities/ingest/source.ts'
import type { RawCase } from '../../../cities/sf/raw-case.ts'
import { sfRowFormat } from '../../../cities/sf/row-format.ts'
import { simulatedSanFrancisco } from '../../../cities/sf/simulated-cases.ts'
import { categories, hourShares, places } from '../../../cities/sf/simulator-figures.ts'
import { sanFrancisco, sodaInstant } from '../../../cities/sf/soda-time.ts'
import { weekdayOf } from '../../../cities/weekday.ts'
import { ManualClock } from '../../../core/clock.ts'
import { days, hours, minutes, seconds } from '../../../core/duration.ts'

const MONDAY = Date.UTC(2024, 3, 1, 7)

interface Run {
  readonly start?: number
  readonly until: number
  readonly seed?: number
  readonly cursor?: Cursor | undefined
}

/** What has arrived until a moment, as fast as it is taken, and the cursor behind it. */
async function arrived({ start = MONDAY, until, seed = 7, cursor }: Run) {
  const clock = new ManualClock(until)
  const source = new Simulator({
    seed,
    start,
    clock,
    speed: Number.POSITIVE_INFINITY,
    format: sfRowFormat(),
    simulate: simulatedSanFrancisco(),
  })
  const stop = new AbortController()
  const rows: KeyedRow<RawCase>[] = []
  let last = cursor
  // It sleeps once it has caught up with the clock.
  const caughtUp = new Promise<void>((resolve) => {
    const look = () => (clock.nextWake() === undefined ? setImmediate(look) : resolve())
    look()
  }).then(() => stop.abort())
  for await (const batch of source.rows(cursor, stop.signal)) {
    rows.push(...batch.rows)
    last = batch.cursor
  }
  await caughtUp
  return { rows, cursor: last }
}

const keysOf = (rows: readonly KeyedRow<RawCase>[]) => rows.map(({ key, raw }) => `${key} ${raw.content}`)

test('the same seed gives the same rows, another one others', async () => {
  const one = await arrived({ until: MONDAY + hours(30) })
  const again = await arrived({ until: MONDAY + hours(30) })
  const other = await arrived({ until: MONDAY + hours(30), seed: 8 })
  expect(keysOf(again.rows)).toEqual(keysOf(one.rows))
  expect(keysOf(other.rows)).not.toEqual(keysOf(one.rows))
})

test('a run that is resumed anywhere gives what one without a pause gives', async () => {
  const whole = await arrived({ until: MONDAY + days(3) })
  const keys: string[] = []
  let cursor: Cursor | undefined
  for (const until of [hours(5) + 1, hours(5) + seconds(17), days(1), days(2) + minutes(3), days(3)]) {
    const part = await arrived({ until: MONDAY + until, cursor })
    keys.push(...keysOf(part.rows))
    cursor = part.cursor === undefined ? undefined : JSON.parse(JSON.stringify(part.cursor))
  }
  expect(keys).toEqual(keysOf(whole.rows))
})

test('runs at a multiple of real speed until it reaches the present, then at real speed', async () => {
  const now = MONDAY + hours(10)
  const clock = new ManualClock(now)
  const options = { seed: 7, start: MONDAY, speed: 60, clock, format: sfRowFormat(), simulate: simulatedSanFrancisco() }
  const stop = new AbortController()
  let delivered = 0
  const run = (async () => {
    for await (const { cursor } of new Simulator(options).rows(undefined, stop.signal))
      delivered = Number(cursor.delivered)
  })()
  const pass = async (ms: number) => {
    for (let done = 0; done < ms; done += 200) {
      clock.advance(200)
      for (let turn = 0; turn < 4; turn++) await new Promise(setImmediate)
    }
  }
  await pass(minutes(1))
  expect(delivered - MONDAY).toBeGreaterThan(minutes(50))
  expect(delivered - MONDAY).toBeLessThanOrEqual(hours(1))
  await pass(minutes(12))
  expect(clock.now() - delivered).toBeLessThan(minutes(10))
  expect(delivered).toBeLessThanOrEqual(clock.now())
  stop.abort()
  clock.advance(1000)
  await run
})

describe('four weeks of a simulated San Francisco', async () => {
  const { rows } = await arrived({ until: MONDAY + days(28) })
  const good = rows.filter(({ raw }) => raw.analysis_neighborhood !== undefined)
  const byCase = new Map<string, RawCase[]>()
  for (const { raw } of good) {
    const id = raw.service_request_id ?? ''
    byCase.set(id, [...(byCase.get(id) ?? []), raw])
  }
  const cases = [...byCase.values()].flatMap(([first]) => (first === undefined ? [] : [first]))
  const shareOf = (matches: (raw: RawCase) => boolean) => cases.filter(matches).length / cases.length

  test('have as many cases as the city', () => {
    expect(cases.length / 28 / 1864).toBeGreaterThan(0.95)
    expect(cases.length / 28 / 1864).toBeLessThan(1.05)
  })

  test('have the categories, neighborhoods and hours of the figures', () => {
    for (const { name, share } of categories.slice(0, 8)) {
      expect(Math.abs(shareOf((raw) => raw.service_name === name) - share)).toBeLessThan(0.01)
    }
    for (const { neighborhood, share } of places.slice(0, 8)) {
      expect(Math.abs(shareOf((raw) => raw.analysis_neighborhood === neighborhood) - share)).toBeLessThan(0.01)
    }
    const locals = cases.map((raw) => sanFrancisco.toLocal(sodaInstant(raw.requested_datetime ?? '')))
    const weekdays = locals.filter((local) => weekdayOf(local) < 5)
    for (const [hour, share] of hourShares.weekday.entries()) {
      const found = weekdays.filter((local) => Math.floor(local / hours(1)) % 24 === hour).length / weekdays.length
      expect(Math.abs(found - share)).toBeLessThan(0.01)
    }
    expect(weekdays.length / locals.length).toBeCloseTo(0.795, 1)
  })

  test('have updates, closings, repeated rows and broken ones', () => {
    const contents = good.map(({ raw }) => `${raw.service_request_id} ${raw.content}`)
    expect(new Set(contents).size).toBeLessThan(contents.length)
    expect(good.filter(({ raw }) => raw.closed_date !== undefined).length / cases.length).toBeGreaterThan(0.6)
    expect(good.length).toBeGreaterThan(cases.length * 1.7)
    const broken = rows.length - good.length
    expect(broken / cases.length).toBeGreaterThan(0.0002)
    expect(broken / cases.length).toBeLessThan(0.003)
    expect(rows.some(({ raw }) => raw.defect === 'not_an_object')).toBe(true)
  })

  test('never come before they were opened, and ids are unique and of twelve digits', () => {
    expect(cases.every(({ service_request_id: id }) => /^101\d{9}$/.test(id ?? ''))).toBe(true)
    const opened = good.map(({ raw }) => sodaInstant(raw.requested_datetime ?? ''))
    expect(Math.min(...opened)).toBeGreaterThanOrEqual(MONDAY)
    expect(Math.max(...opened)).toBeLessThanOrEqual(MONDAY + days(28))
  })
})
