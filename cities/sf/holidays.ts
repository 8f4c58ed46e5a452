// Holidays of the City and County of San Francisco by rule, on the day they are observed: Friday for a Saturday, Monday for a Sunday.
import { weekdayOf } from '../weekday.ts'

const DAY = 86_400_000
const MONDAY = 0
const THURSDAY = 3

const byDay = new Map<number, string>()
const knownYears = new Set<number>()
/** Cases come in the order of their days, nearly: the last answer mostly serves again. */
let last: { readonly day: number; readonly name: string | undefined } = { day: Number.NaN, name: undefined }

/** Name of the holiday observed on the day of a local time; undefined on all others. */
export function holidayOf(local: number): string | undefined {
  const day = Math.floor(local / DAY)
  if (day !== last.day) last = { day, name: lookUp(day) }
  return last.name
}

function lookUp(day: number): string | undefined {
  const year = new Date(day * DAY).getUTCFullYear()
  if (!knownYears.has(year)) learn(year)
  return byDay.get(day)
}

function learn(year: number): void {
  knownYears.add(year)
  for (const [name, day] of holidaysOf(year)) byDay.set(day / DAY, name)
}

function holidaysOf(year: number): readonly (readonly [name: string, day: number])[] {
  const thanksgiving = nthWeekday(year, 10, THURSDAY, 4)
  return [
    ["New Year's Day", observed(Date.UTC(year, 0, 1))],
    // The next year's, where it is observed in this one.
    ["New Year's Day", observed(Date.UTC(year + 1, 0, 1))],
    ['Martin Luther King Jr. Day', nthWeekday(year, 0, MONDAY, 3)],
    ["Presidents' Day", nthWeekday(year, 1, MONDAY, 3)],
    ['Memorial Day', lastMondayOfMay(year)],
    ...(year >= 2022 ? [['Juneteenth', observed(Date.UTC(year, 5, 19))] as const] : []),
    ['Independence Day', observed(Date.UTC(year, 6, 4))],
    ['Labor Day', nthWeekday(year, 8, MONDAY, 1)],
    [year >= 2018 ? "Indigenous Peoples' Day" : 'Columbus Day', nthWeekday(year, 9, MONDAY, 2)],
    ['Veterans Day', observed(Date.UTC(year, 10, 11))],
    ['Thanksgiving Day', thanksgiving],
    ['Day after Thanksgiving', thanksgiving + DAY],
    ['Christmas Day', observed(Date.UTC(year, 11, 25))],
  ]
}

function observed(day: number): number {
  const weekday = weekdayOf(day)
  return weekday === 5 ? day - DAY : weekday === 6 ? day + DAY : day
}

function nthWeekday(year: number, month: number, weekday: number, nth: number): number {
  const first = Date.UTC(year, month, 1)
  return first + (((weekday - weekdayOf(first) + 7) % 7) + (nth - 1) * 7) * DAY
}

function lastMondayOfMay(year: number): number {
  const last = Date.UTC(year, 4, 31)
  return last - weekdayOf(last) * DAY
}
