// Numbers and times as people read them; times always in the zone of the data.

const whole = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 })
const short = new Intl.NumberFormat('en-US', { notation: 'compact', maximumSignificantDigits: 3 })

export const count = (value) => whole.format(value)
/** At most five characters: `12.3K`. */
export const compact = (value) => (value < 10_000 ? whole.format(value) : short.format(value))
/** Per second; `undefined` while only one snapshot is known. */
export const rate = (value) => (value === undefined ? '–' : value > 0 && value < 10 ? value.toFixed(1) : compact(value))

export function share(part, all) {
  if (all === 0 || part === 0) return '0 %'
  const percent = (100 * part) / all
  return percent < 0.01 ? '< 0.01 %' : `${percent.toFixed(percent < 10 ? 2 : 1)} %`
}

export function age(ms) {
  if (ms < 1000) return `${Math.max(0, Math.round(ms / 10) * 10)} ms`
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`
  if (ms < 3_600_000) return `${Math.floor(ms / 60_000)} min`
  return ms < 172_800_000 ? `${Math.floor(ms / 3_600_000)} h` : `${count(Math.floor(ms / 86_400_000))} days`
}

export const clockTime = (at) => new Date(at).toLocaleTimeString('en-GB')

export function dateAndTime(at, zone) {
  const options = { timeZone: zone, day: 'numeric', month: 'short', year: 'numeric', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }
  return new Date(at).toLocaleString('en-GB', options)
}

export function dayName(at, zone) {
  return new Date(at).toLocaleDateString('en-GB', { timeZone: zone, weekday: 'short', day: 'numeric', month: 'long', year: 'numeric' })
}

export function hourOf(at, zone) {
  return Number(new Date(at).toLocaleString('en-GB', { timeZone: zone, hour: '2-digit', hourCycle: 'h23' }))
}

/** Midnight of the local day that holds `at`, moved by whole days. */
export function startOfDay(at, zone, moved = 0) {
  const [year, month, day] = localDate(at, zone)
  const wanted = Date.UTC(year, month - 1, day + moved)
  const guess = wanted - offsetAt(wanted, zone)
  return wanted - offsetAt(guess, zone)
}

function localDate(at, zone) {
  return new Date(at).toLocaleDateString('en-CA', { timeZone: zone }).split('-').map(Number)
}

/** How far the zone's wall clock is ahead of UTC, ms. */
function offsetAt(at, zone) {
  const options = { timeZone: zone, hourCycle: 'h23', year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit' }
  const parts = Object.fromEntries(new Intl.DateTimeFormat('en-CA', options).formatToParts(at).map(({ type, value }) => [type, Number(value)]))
  return Date.UTC(parts.year, parts.month - 1, parts.day, parts.hour, parts.minute, parts.second) - Math.floor(at / 1000) * 1000
}
