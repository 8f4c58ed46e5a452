import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { sanFrancisco, sodaInstant, toSodaTime } from '../../../cities/sf/soda-time.ts'

const iso = (text: string) => {
  const instant = sodaInstant(text)
  return Number.isNaN(instant) ? 'impossible' : new Date(instant).toISOString()
}

describe('floating time of San Francisco', () => {
  test.each([
    ['2023-02-09T08:35:00.000', '2023-02-09T16:35:00.000Z', 'winter'],
    ['2023-07-09T08:35:00.000', '2023-07-09T15:35:00.000Z', 'summer'],
    ['2008-07-01T07:27:00', '2008-07-01T14:27:00.000Z', 'without milliseconds'],
    ['2023-07-09T08:35:00.12', '2023-07-09T15:35:00.120Z', 'with two digits of a second'],
    ['2023-03-12T01:59:59.000', '2023-03-12T09:59:59.000Z', 'just before the gap'],
    ['2023-03-12T02:30:00.000', '2023-03-12T10:30:00.000Z', 'in the gap: forward'],
    ['2023-03-12T03:00:00.000', '2023-03-12T10:00:00.000Z', 'just behind the gap'],
    ['2023-11-05T01:30:00.000', '2023-11-05T08:30:00.000Z', 'twice that day: the earlier'],
    ['2023-11-05T02:00:00.000', '2023-11-05T10:00:00.000Z', 'behind the repeated hour'],
    ['2024-02-29T00:00:00.000', '2024-02-29T08:00:00.000Z', 'a leap day'],
  ])('reads %s as %s (%s)', (text, instant) => {
    expect(iso(text)).toBe(instant)
  })

  test.each([
    '2020-02-30T00:00:00.000',
    '2023-02-29T00:00:00.000',
    '2023-13-01T00:00:00.000',
    '2023-00-01T00:00:00.000',
    '2023-01-01T24:00:00.000',
    '2023-01-01T00:60:00.000',
    '2023-01-01T00:00:60.000',
    '2023-01-01 00:00:00',
    '2023-01-01T00:00:00Z',
    '2023-01-01T00:00:00.000Z',
    '2023-01-01T00:00:00.',
    '2023-01-01',
    '23-01-01T00:00:00.000',
    '',
    'yesterday',
  ])('finds %j impossible', (text) => {
    expect(iso(text)).toBe('impossible')
  })

  test('agrees with Intl about every moment from 1970 to 2099', () => {
    const format = new Intl.DateTimeFormat('sv-SE', {
      timeZone: 'America/Los_Angeles',
      dateStyle: 'short',
      timeStyle: 'medium',
    })
    fc.assert(
      fc.property(fc.integer({ min: 1, max: Date.UTC(2099, 11, 31) / 1000 }), (second) => {
        const local = new Date(sanFrancisco.toLocal(second * 1000)).toISOString()
        expect(local.slice(0, 19).replace('T', ' ')).toBe(format.format(second * 1000))
      }),
      { numRuns: 2000 },
    )
  })

  test('gives back every moment it has written, but the second of a repeated hour', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: Date.UTC(2099, 11, 31) }), (instant) => {
        const read = sodaInstant(toSodaTime(instant))
        expect([instant, instant - 3_600_000]).toContain(read)
      }),
      { numRuns: 2000 },
    )
  })
})
