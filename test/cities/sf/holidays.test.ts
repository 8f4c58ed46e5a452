import { expect, test } from 'vitest'
import { holidayOf } from '../../../cities/sf/holidays.ts'
import { weekdayOf } from '../../../cities/weekday.ts'

const DAY = 86_400_000

function holidays(year: number): string[] {
  const days = Array.from({ length: 366 }, (_, day) => Date.UTC(year, 0, 1) + day * DAY)
  return days
    .filter((day) => new Date(day).getUTCFullYear() === year)
    .flatMap((day) => {
      const name = holidayOf(day + 9 * 3_600_000)
      return name === undefined ? [] : [`${new Date(day).toISOString().slice(0, 10)} ${name}`]
    })
}

test('knows the city’s holidays of 2021, with those that fall on a weekend moved, and the next new year’s', () => {
  expect(holidays(2021)).toEqual([
    "2021-01-01 New Year's Day",
    '2021-01-18 Martin Luther King Jr. Day',
    "2021-02-15 Presidents' Day",
    '2021-05-31 Memorial Day',
    '2021-07-05 Independence Day',
    '2021-09-06 Labor Day',
    "2021-10-11 Indigenous Peoples' Day",
    '2021-11-11 Veterans Day',
    '2021-11-25 Thanksgiving Day',
    '2021-11-26 Day after Thanksgiving',
    '2021-12-24 Christmas Day',
    "2021-12-31 New Year's Day",
  ])
})

test('has Juneteenth since 2022', () => {
  expect(holidays(2022)).toContain('2022-06-20 Juneteenth')
  expect(holidays(2020).join()).not.toContain('Juneteenth')
})

test('counts weekdays from Monday', () => {
  expect(['2023-02-06', '2023-02-12', '1969-12-31'].map((day) => weekdayOf(Date.parse(day)))).toEqual([0, 6, 2])
})
