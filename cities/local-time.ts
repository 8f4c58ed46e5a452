// Wall-clock time of one zone and back, without asking Intl per record: its changes of offset are looked up once, from 1970 to 2100.
// Ambiguous and skipped times are read as Temporal's `compatible` does: the earlier of two, and forward over a gap.

const FIRST = Date.UTC(1970, 0, 1)
const LAST = Date.UTC(2100, 0, 1)
const HOUR = 3_600_000
const STEP = 28 * 24 * HOUR

export class LocalTime {
  readonly zone: string
  /** Instants from which `offsets[i]` holds, and the local times from which `toInstant` uses it. */
  private readonly instants: number[] = [Number.NEGATIVE_INFINITY]
  private readonly locals: number[] = [Number.NEGATIVE_INFINITY]
  private readonly offsets: number[]
  private lastLocal = 0
  private lastInstant = 0

  constructor(zone: string) {
    this.zone = zone
    const offsetAt = offsetLookup(zone)
    let before = offsetAt(FIRST)
    this.offsets = [before]
    for (let at = FIRST; at < LAST; at += STEP) {
      const after = offsetAt(at + STEP)
      if (after === before) continue
      const change = firstInstantOf(after, at, at + STEP, offsetAt)
      this.instants.push(change)
      this.locals.push(change + Math.max(before, after))
      this.offsets.push(after)
      before = after
    }
  }

  /** `local`: ms since the epoch as if the wall clock showed UTC. */
  toInstant(local: number): number {
    this.lastLocal = intervalOf(this.locals, local, this.lastLocal)
    return local - (this.offsets[this.lastLocal] ?? 0)
  }

  /** What the wall clock shows at an instant, in ms as if it showed UTC. */
  toLocal(instant: number): number {
    this.lastInstant = intervalOf(this.instants, instant, this.lastInstant)
    return instant + (this.offsets[this.lastInstant] ?? 0)
  }
}

/** Index of the last start that is not after `at`. Neighbors in a stream are close in time: the last answer is tried first. */
function intervalOf(starts: readonly number[], at: number, guess: number): number {
  if (at >= (starts[guess] ?? Number.POSITIVE_INFINITY) && at < (starts[guess + 1] ?? Number.POSITIVE_INFINITY)) {
    return guess
  }
  let low = 0
  let high = starts.length - 1
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if ((starts[middle] ?? 0) <= at) low = middle
    else high = middle - 1
  }
  return low
}

function firstInstantOf(offset: number, from: number, to: number, offsetAt: (instant: number) => number): number {
  let low = from
  let high = to
  while (high - low > 1000) {
    const middle = low + Math.floor((high - low) / 2000) * 1000
    if (offsetAt(middle) === offset) high = middle
    else low = middle
  }
  return high
}

function offsetLookup(zone: string): (instant: number) => number {
  const format = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' })
  return (instant) => {
    const [, sign, hour, minute] = /GMT([+-])(\d\d):(\d\d)/.exec(format.format(instant)) ?? []
    if (sign === undefined) return 0
    return (sign === '-' ? -1 : 1) * (Number(hour) * HOUR + Number(minute) * 60_000)
  }
}
