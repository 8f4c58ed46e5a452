// Windows as users declare them: how time is cut, how long late input is waited for, and what happens to what comes later still.
import { days, hours } from '../core/duration.ts'
import { StreamsError } from '../core/errors.ts'
import { FixedWindows } from '../processors/windowing/fixed-windows.ts'
import type { Windowing } from '../processors/windowing/windowing.ts'
import { ZoneOffsets } from '../processors/windowing/zone-offsets.ts'
import { HourWindows, LocalWindows } from '../processors/windowing/zoned-windows.ts'

export interface LateOptions {
  /** How far the clock of a record may be past a window's end for the record still to count, ms. */
  readonly grace: number
  /** What happens to later ones: `drop` (default; counted), `deadLetter`, or `correct`: counted, and the result is sent again. */
  readonly late?: 'drop' | 'deadLetter' | 'correct'
  /** How long after closing `correct` corrects, ms; what is later still is a dead letter `expired`. Default: as long as the state is kept. Implies `correct`. */
  readonly correctFor?: number
  /** `updates` (default): a provisional result at each commit. `final`: nothing before a window is closed. */
  readonly emit?: 'updates' | 'final'
}

export interface TumblingOptions extends LateOptions {
  /** ms; with a `zone`, a size that divides a day, or whole days. */
  readonly size: number
  /** IANA zone whose hours and days the windows follow; without it they are aligned to the epoch in UTC. */
  readonly zone?: string
}

export interface HoppingOptions extends LateOptions {
  /** ms */
  readonly size: number
  /** ms from one window's start to the next one's; at most `size`. */
  readonly advance: number
}

export interface TimeWindows {
  readonly kind: 'tumbling' | 'hopping'
  readonly windowing: Windowing
  readonly graceMs: number
  readonly late: 'drop' | 'deadLetter' | 'correct' | undefined
  readonly correctForMs: number
  readonly emit: 'updates' | 'final'
  /** For the topology's hash and drawings. */
  readonly description: string
}

export interface SessionOptions extends LateOptions {
  /** The longest pause within a session, ms. */
  readonly gap: number
}

export interface SessionWindows {
  readonly kind: 'session'
  readonly gapMs: number
  readonly graceMs: number
  readonly late: 'drop' | 'deadLetter' | 'correct' | undefined
  readonly correctForMs: number
  readonly emit: 'updates' | 'final'
  /** For the topology's hash and drawings. */
  readonly description: string
}

/** Sessions: records of a key that follow each other within `gap`. A record is late when its clock is past its time by gap and grace. */
export function session(options: SessionOptions): SessionWindows {
  const { gap } = options
  requireWhole('gap', gap, 1)
  return { kind: 'session', gapMs: gap, ...lateness(options), description: describe('session', { gap }, options) }
}

/** Windows that follow each other without gap or overlap. */
export function tumbling(options: TumblingOptions): TimeWindows {
  const { size, zone = 'UTC' } = options
  requireWhole('size', size, 1)
  const windowing = zone === 'UTC' ? new FixedWindows(size, size) : zonedWindows(size, zone)
  return {
    kind: 'tumbling',
    windowing,
    ...lateness(options),
    description: describe('tumbling', { size, zone }, options),
  }
}

/** Windows of one size, of which a new one begins every `advance`: they overlap. */
export function hopping(options: HoppingOptions): TimeWindows {
  const { size, advance } = options
  requireWhole('size', size, 1)
  requireWhole('advance', advance, 1)
  if (advance > size)
    throw new StreamsError(
      'topology',
      `hopping windows that advance by ${advance} ms, more than their size of ${size} ms, leave gaps`,
    )
  const windowing = new FixedWindows(size, advance)
  return {
    kind: 'hopping',
    windowing,
    ...lateness(options),
    description: describe('hopping', { size, advance }, options),
  }
}

function zonedWindows(size: number, zone: string): Windowing {
  const fits = size < days(1) ? days(1) % size === 0 : size % days(1) === 0
  if (!fits)
    throw new StreamsError(
      'topology',
      `windows of ${size} ms cannot follow a zone's clock: the size has to divide a day, or be whole days`,
    )
  const offsets = new ZoneOffsets(zone)
  return hours(1) % size === 0 ? new HourWindows(offsets, size) : new LocalWindows(offsets, size)
}

function lateness({ grace, late, correctFor, emit = 'updates' }: LateOptions) {
  requireWhole('grace', grace, 0)
  const correctForMs = correctFor ?? Number.POSITIVE_INFINITY
  const policy = late ?? (correctFor === undefined ? undefined : 'correct')
  if (policy !== 'correct' && correctFor !== undefined)
    throw new StreamsError(
      'topology',
      `correctFor says how long late input corrects, but late input is answered by '${policy}'`,
    )
  return { graceMs: grace, late: policy, correctForMs, emit }
}

function requireWhole(name: string, ms: number, least: number): void {
  if (!Number.isSafeInteger(ms) || ms < least)
    throw new StreamsError('topology', `${name} is ${ms}, but has to be a whole number of ms, at least ${least}`)
}

function describe(
  kind: string,
  cut: Readonly<Record<string, unknown>>,
  { grace, late, correctFor, emit }: LateOptions,
): string {
  const parts = Object.entries({ ...cut, grace, late, correctFor, emit }).filter(([, value]) => value !== undefined)
  return `${kind}(${parts.map(([name, value]) => `${name}=${value}`).join(', ')})`
}
