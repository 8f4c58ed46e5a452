// A made-up city as a source without end: the same seed gives the same rows, whenever it runs and wherever it is resumed. It may begin in the past
// and run at a multiple of real speed; when it has caught up with the present it goes on at real speed.
import type { Clock } from '../../core/clock.ts'
import { days, minutes } from '../../core/duration.ts'
import type { Cursor, RowBatch, RowFormat, Source } from './source.ts'

/** One delivery of one version of a case. */
export interface Delivery {
  /** When it arrives, ms UTC; never before the minute of its case. */
  readonly at: number
  /** The row as the portal would serve it. */
  readonly row: () => unknown
}

/** Everything that the cases opened in one minute (counted from the epoch) will ever deliver; a function of its arguments alone. */
export type SimulatedMinute = (seed: number, minute: number) => readonly Delivery[]

export interface SimulatorOptions<Raw> {
  readonly seed: number
  /** Opening of the first case, ms UTC. */
  readonly start: number
  /** Multiple of real speed while in the past; default 1. Infinity: as fast as it is taken. */
  readonly speed?: number
  readonly clock: Clock
  readonly format: RowFormat<Raw>
  readonly simulate: SimulatedMinute
}

const MINUTE = minutes(1)
const TICK_MS = 200
const BATCH_ROWS = 2000
/** A delivery later than this after its minute never comes: what a resumed run has to go back. */
export const DELIVERY_DELAY_MAX = days(60)

export class Simulator<Raw> implements Source<Raw> {
  readonly name: string
  private readonly options: SimulatorOptions<Raw>
  /** Deliveries to come, by the minute they arrive in. */
  private readonly pending = new Map<number, Delivery[]>()
  /** The first minute whose cases are not made yet. */
  private nextMinute = 0

  constructor(options: SimulatorOptions<Raw>) {
    this.options = options
    this.name = `simulator:${options.seed}`
  }

  async *rows(cursor: Cursor | undefined, signal: AbortSignal): AsyncGenerator<RowBatch<Raw>> {
    const { clock, format, speed = 1 } = this.options
    const { start, delivered } = this.resumed(cursor)
    const begun = clock.now()
    this.makeAgain(start, delivered)
    for (let at = delivered; !signal.aborted; ) {
      const now = clock.now()
      const until = speed === Number.POSITIVE_INFINITY ? now : Math.min(now, delivered + (now - begun) * speed)
      const { due, reached } = this.due(at, until)
      at = reached
      if (due.length > 0) yield { rows: due.map(({ row }) => format.toRow(row())), cursor: { start, delivered: at } }
      if (at >= until) await clock.sleep(TICK_MS, signal)
    }
  }

  /** All deliveries up to and with `delivered` are in the log. */
  private resumed(cursor: Cursor | undefined): { readonly start: number; readonly delivered: number } {
    const { start, delivered } = cursor ?? {}
    if (typeof start === 'number' && typeof delivered === 'number') return { start, delivered }
    return { start: this.options.start, delivered: this.options.start - 1 }
  }

  /** What is still to come of the minutes up to `delivered`. */
  private makeAgain(start: number, delivered: number): void {
    this.pending.clear()
    this.nextMinute = minuteOf(Math.max(start, delivered - DELIVERY_DELAY_MAX))
    while (this.nextMinute * MINUTE <= delivered) this.makeNextMinute(delivered)
  }

  /** Deliveries behind `at`, up to `until` or until there are many; and how far that is. */
  private due(at: number, until: number): { readonly due: readonly Delivery[]; readonly reached: number } {
    const due: Delivery[] = []
    for (let minute = minuteOf(at + 1); minute * MINUTE <= until; minute++) {
      while (this.nextMinute <= minute) this.makeNextMinute(at)
      const end = Math.min(until, (minute + 1) * MINUTE - 1)
      due.push(...this.take(minute, end))
      if (due.length >= BATCH_ROWS) return { due, reached: end }
    }
    return { due, reached: Math.max(at, Math.floor(until)) }
  }

  private makeNextMinute(delivered: number): void {
    for (const delivery of this.options.simulate(this.options.seed, this.nextMinute++)) {
      if (delivery.at <= delivered) continue
      const minute = minuteOf(delivery.at)
      const others = this.pending.get(minute)
      if (others === undefined) this.pending.set(minute, [delivery])
      else others.push(delivery)
    }
  }

  /** The minute's deliveries up to `until`, in the order of their arrival. */
  private take(minute: number, until: number): readonly Delivery[] {
    const all = this.pending.get(minute) ?? []
    const rest = all.filter(({ at }) => at > until)
    if (rest.length > 0) this.pending.set(minute, rest)
    else this.pending.delete(minute)
    return all.filter(({ at }) => at <= until).sort((a, b) => a.at - b.at)
  }
}

function minuteOf(instant: number): number {
  return Math.floor(instant / MINUTE)
}
