// Floating timestamps as SODA writes them (`2023-02-09T08:35:00.000`, the wall clock of San Francisco) to instants and back; strict.
import { LocalTime } from '../local-time.ts'

export const sanFrancisco = new LocalTime('America/Los_Angeles')

const DAY = 86_400_000
const daysBeforeMonth = [0, 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334]
const daysInMonth = [0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
const dash = 45
const colon = 58

/** ms UTC; NaN for whatever is not a real time in SODA's form (2020-02-30 is not). */
export function sodaInstant(text: string): number {
  return sanFrancisco.toInstant(sodaLocalTime(text))
}

/** SODA's form of an instant. */
export function toSodaTime(instant: number): string {
  return new Date(sanFrancisco.toLocal(instant)).toISOString().slice(0, 23)
}

/** The wall clock's reading in ms, as if it showed UTC; NaN if it is none. */
export function sodaLocalTime(text: string): number {
  if (text.length < 19 || text.charCodeAt(10) !== 84) return Number.NaN
  if (text.charCodeAt(13) !== colon || text.charCodeAt(16) !== colon) return Number.NaN
  const hour = twoDigits(text, 11)
  const minute = twoDigits(text, 14)
  const second = twoDigits(text, 17)
  const isTime = hour < 24 && minute < 60 && second < 60
  return isTime ? dateAt(text) + ((hour * 60 + minute) * 60 + second) * 1000 + fraction(text) : Number.NaN
}

/** Midnight of `YYYY-MM-DD…` in ms, as if UTC; NaN for a date that does not exist. */
export function dateAt(text: string): number {
  if (text.charCodeAt(4) !== dash || text.charCodeAt(7) !== dash) return Number.NaN
  const year = twoDigits(text, 0) * 100 + twoDigits(text, 2)
  const month = twoDigits(text, 5)
  const day = twoDigits(text, 8)
  const isLeap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0
  const length = (daysInMonth[month] ?? 0) + (isLeap && month === 2 ? 1 : 0)
  if (!(day >= 1 && day <= length)) return Number.NaN
  const before = year - 1
  const leapDays = Math.floor(before / 4) - Math.floor(before / 100) + Math.floor(before / 400)
  const daysSinceYearOne = before * 365 + leapDays + (daysBeforeMonth[month] ?? 0) + (isLeap && month > 2 ? 1 : 0)
  return (daysSinceYearOne + day - 1 - 719_162) * DAY
}

/** Milliseconds of `.1` to `.123456`, floored; NaN when something else follows the seconds. */
function fraction(text: string): number {
  if (text.length === 19) return 0
  if (text.charCodeAt(19) !== 46 || text.length === 20 || text.length > 29) return Number.NaN
  let millis = 0
  for (let i = 20; i < text.length; i++) {
    const digit = text.charCodeAt(i) - 48
    if (digit < 0 || digit > 9) return Number.NaN
    if (i < 23) millis = millis * 10 + digit
  }
  return text.length === 21 ? millis * 100 : text.length === 22 ? millis * 10 : millis
}

/** NaN unless both are digits. */
function twoDigits(text: string, at: number): number {
  const tens = text.charCodeAt(at) - 48
  const ones = text.charCodeAt(at + 1) - 48
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : Number.NaN
}
