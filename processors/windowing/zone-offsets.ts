// A time zone's offsets from UTC between 1970 and 2100, looked up once through Intl: afterwards no record pays for it.
// Before and after that span the nearest known offset holds.
import { StreamsError } from '../../core/errors.ts'

const FIRST_YEAR = 1970
const LAST_YEAR = 2100
/** No zone has changed its offset twice within a week since 1970. */
const PROBE_MS = 7 * 86_400_000
const DAY_MS = 86_400_000

export class ZoneOffsets {
  /** When each offset begins; the first one always has. */
  private readonly starts: number[] = [Number.NEGATIVE_INFINITY]
  private readonly offsets: number[]
  /** Index of the offset found last: most records are near their predecessors. */
  private last = 0

  /** @throws StreamsError `topology` when there is no such zone. */
  constructor(zone: string) {
    const offsetAt = offsetReader(zone)
    let at = Date.UTC(FIRST_YEAR, 0, 1)
    let offset = offsetAt(at)
    this.offsets = [offset]
    for (const end = Date.UTC(LAST_YEAR, 0, 1); at < end; at += PROBE_MS) {
      const next = offsetAt(at + PROBE_MS)
      if (next === offset) continue
      this.starts.push(changeWithin(at, at + PROBE_MS, offset, offsetAt))
      this.offsets.push(next)
      offset = next
    }
  }

  /** Local time minus UTC, ms. */
  at(instant: number): number {
    return this.offsets[this.indexAt(instant)] ?? 0
  }

  /** When the offset that holds at `instant` began. */
  since(instant: number): number {
    return this.starts[this.indexAt(instant)] ?? Number.NEGATIVE_INFINITY
  }

  /** When the offset that holds at `instant` ends. */
  until(instant: number): number {
    return this.starts[this.indexAt(instant) + 1] ?? Number.POSITIVE_INFINITY
  }

  /** The instant of a local time (ms, as if it were UTC). One that occurs twice is the earlier, one that does not exist is shifted forward. */
  instantOf(local: number): number {
    const before = this.at(local - DAY_MS)
    const after = this.at(local + DAY_MS)
    if (before === after || this.at(local - before) === before) return local - before
    return this.at(local - after) === after ? local - after : local - before
  }

  private indexAt(instant: number): number {
    if (!this.holds(this.last, instant)) this.last = this.search(instant)
    return this.last
  }

  private holds(index: number, instant: number): boolean {
    return (this.starts[index] ?? 0) <= instant && instant < (this.starts[index + 1] ?? Number.POSITIVE_INFINITY)
  }

  private search(instant: number): number {
    let low = 0
    let high = this.starts.length - 1
    while (low < high) {
      const middle = (low + high + 1) >>> 1
      if ((this.starts[middle] ?? 0) <= instant) low = middle
      else high = middle - 1
    }
    return low
  }
}

/** The first instant in (from, to] at which `offset` holds no more. */
function changeWithin(from: number, to: number, offset: number, offsetAt: (instant: number) => number): number {
  let [before, after] = [from, to]
  while (after - before > 1) {
    const middle = Math.floor((before + after) / 2)
    if (offsetAt(middle) === offset) before = middle
    else after = middle
  }
  return after
}

function offsetReader(zone: string): (instant: number) => number {
  const format = formatOf(zone)
  return (instant) => {
    const [, sign, hours = 0, minutes = 0, seconds = 0] =
      /GMT(?:([+-])(\d+):(\d+)(?::(\d+))?)?$/.exec(format.format(instant)) ?? []
    const size = (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)) * 1000
    return sign === '-' ? -size : size
  }
}

function formatOf(zone: string): Intl.DateTimeFormat {
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' })
  } catch (cause) {
    throw new StreamsError('topology', `there is no time zone '${zone}'`, { cause })
  }
}
