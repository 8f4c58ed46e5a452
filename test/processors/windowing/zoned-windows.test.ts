import fc from 'fast-check'
import { expect, test } from 'vitest'
import { days, hours, minutes } from '../../../core/duration.ts'
import type { Windowing } from '../../../processors/windowing/windowing.ts'
import { ZoneOffsets } from '../../../processors/windowing/zone-offsets.ts'
import { tumbling } from '../../../topology/windows.ts'

const zones = [
  'America/Los_Angeles',
  'America/New_York',
  'America/St_Johns',
  'America/Havana',
  'Europe/Berlin',
  'Africa/Casablanca',
  'Asia/Kolkata',
  'Asia/Tehran',
  'Australia/Lord_Howe',
  'Pacific/Apia',
  'Pacific/Chatham',
]
const offsets = new Map(zones.map((zone) => [zone, new ZoneOffsets(zone)]))
const anInstant = fc.integer({ min: Date.UTC(1970, 0, 2), max: Date.UTC(2099, 11, 30) })
const aZone = fc.constantFrom(...zones)

/** Windows from `from` to `to`, one a line: local start, length in hours. */
function windowsBetween(windowing: Windowing, zone: string, from: string, to: string): string[] {
  const lines: string[] = []
  for (let start = windowing.startAt(Date.parse(from)); start < Date.parse(to); start = windowing.endOf(start)) {
    const local = new Date(start).toLocaleString('en-GB', {
      timeZone: zone,
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      timeZoneName: 'short',
    })
    lines.push(`${local} ${(windowing.endOf(start) - start) / hours(1)} h`)
  }
  return lines
}

test('offsets are those of Intl at any instant', () => {
  const formats = new Map(
    zones.map((timeZone) => [
      timeZone,
      new Intl.DateTimeFormat('en-US', {
        timeZone,
        hourCycle: 'h23',
        year: 'numeric',
        month: 'numeric',
        day: 'numeric',
        hour: 'numeric',
        minute: 'numeric',
        second: 'numeric',
      }),
    ]),
  )
  fc.assert(
    fc.property(aZone, anInstant, (zone, instant) => {
      const whole = Math.floor(instant / 1000) * 1000
      const parts = Object.fromEntries(
        (formats.get(zone)?.formatToParts(whole) ?? []).map(({ type, value }) => [type, Number(value)]),
      )
      const { year = 0, month = 1, day = 0, hour = 0, minute = 0, second = 0 } = parts
      expect(whole + (offsets.get(zone)?.at(whole) ?? 0)).toBe(Date.UTC(year, month - 1, day, hour, minute, second))
    }),
    { numRuns: 5000 },
  )
})

test('a local time that occurs twice is the earlier, one that does not exist is shifted forward', () => {
  const sanFrancisco = new ZoneOffsets('America/Los_Angeles')
  const instantOf = (local: string) => new Date(sanFrancisco.instantOf(Date.parse(`${local}Z`))).toISOString()
  expect(instantOf('2025-11-02T01:30')).toBe('2025-11-02T08:30:00.000Z')
  expect(instantOf('2025-03-09T02:30')).toBe('2025-03-09T10:30:00.000Z')
  expect(instantOf('2025-07-01T00:00')).toBe('2025-07-01T07:00:00.000Z')
})

test('days have 25 hours in autumn and 23 in spring', () => {
  const { windowing } = tumbling({ size: days(1), grace: 0, zone: 'America/Los_Angeles' })
  expect(windowsBetween(windowing, 'America/Los_Angeles', '2025-11-01T12:00Z', '2025-11-04T00:00Z')).toEqual([
    '01, 00:00 GMT-7 24 h',
    '02, 00:00 GMT-7 25 h',
    '03, 00:00 GMT-8 24 h',
  ])
  expect(windowsBetween(windowing, 'America/Los_Angeles', '2025-03-08T12:00Z', '2025-03-11T00:00Z')).toEqual([
    '08, 00:00 GMT-8 24 h',
    '09, 00:00 GMT-8 23 h',
    '10, 00:00 GMT-7 24 h',
  ])
})

test('parts of days begin at local times', () => {
  const { windowing } = tumbling({ size: hours(6), grace: 0, zone: 'America/Los_Angeles' })
  expect(windowsBetween(windowing, 'America/Los_Angeles', '2025-11-02T07:00Z', '2025-11-03T00:00Z')).toEqual([
    '02, 00:00 GMT-7 7 h',
    '02, 06:00 GMT-8 6 h',
    '02, 12:00 GMT-8 6 h',
  ])
})

test('hours are instants: the hour that occurs twice gives two windows', () => {
  const { windowing } = tumbling({ size: hours(1), grace: 0, zone: 'America/Los_Angeles' })
  expect(windowsBetween(windowing, 'America/Los_Angeles', '2025-11-02T07:00Z', '2025-11-02T11:00Z')).toEqual([
    '02, 00:00 GMT-7 1 h',
    '02, 01:00 GMT-7 1 h',
    '02, 01:00 GMT-8 1 h',
    '02, 02:00 GMT-8 1 h',
  ])
})

test('hours follow a zone that is half an hour off, and are cut where it changes by half an hour', () => {
  const kolkata = tumbling({ size: hours(1), grace: 0, zone: 'Asia/Kolkata' }).windowing
  expect(new Date(kolkata.startAt(Date.parse('2025-01-01T00:10Z'))).toISOString()).toBe('2024-12-31T23:30:00.000Z')
  const lordHowe = tumbling({ size: hours(1), grace: 0, zone: 'Australia/Lord_Howe' }).windowing
  expect(
    windowsBetween(lordHowe, 'Australia/Lord_Howe', '2025-04-05T14:00Z', '2025-04-05T16:30Z').map(
      (line) => line.split(' ')[3],
    ),
  ).toEqual(['1', '0.5', '1'])
})

test('windows of any size and zone cover time without gap or overlap', () => {
  const sizes = [minutes(15), hours(1), hours(2), hours(6), days(1), days(7)]
  const made = new Map<string, Windowing>()
  const windowingOf = (size: number, zone: string) => {
    const known = made.get(`${size} ${zone}`) ?? tumbling({ size, grace: 0, zone }).windowing
    made.set(`${size} ${zone}`, known)
    return known
  }
  fc.assert(
    fc.property(
      fc.constantFrom(...sizes),
      fc.constantFrom(...zones.slice(0, 4), 'Australia/Lord_Howe'),
      anInstant,
      (size, zone, at) => {
        const windowing = windowingOf(size, zone)
        const start = windowing.startAt(at)
        const end = windowing.endOf(start)
        expect(start <= at && at < end).toBe(true)
        expect([windowing.startAt(start), windowing.startAt(end - 1)]).toEqual([start, start])
        expect(windowing.startAt(end)).toBe(end)
        expect(windowing.endOf(windowing.before(start))).toBe(start)
      },
    ),
    { numRuns: 2000 },
  )
})

test('a size that does not divide a day cannot follow a zone', () => {
  expect(() => tumbling({ size: hours(5), grace: 0, zone: 'Europe/Berlin' })).toThrow('divide a day')
  expect(() => tumbling({ size: hours(1), grace: 0, zone: 'Mars/Olympus' })).toThrow("no time zone 'Mars/Olympus'")
})
