// Tumbling windows that follow a zone's wall clock.
//
// LocalWindows, for days and parts of days: boundaries are local times. A day in which the clock changes has 23 or 25 hours, and so has the part with the change.
//   America/Los_Angeles, 2 November 2025, 6 h     00:00 PDT ────── 7 h ────── 06:00 PST ── 6 h ── 12:00 PST …
// HourWindows, for hours and parts of hours: every window is as long as every other, the hour that occurs twice gives two windows.
//   the same night, 1 h                           00:00 PDT ─ 01:00 PDT ─ 01:00 PST ─ 02:00 PST …
import type { Windowing } from './windowing.ts'
import type { ZoneOffsets } from './zone-offsets.ts'

export class LocalWindows implements Windowing {
  private readonly offsets: ZoneOffsets
  private readonly size: number
  /** The window found last. */
  private start = 0
  private end = 0

  constructor(offsets: ZoneOffsets, size: number) {
    this.offsets = offsets
    this.size = size
  }

  startAt(at: number): number {
    this.find(at)
    return this.start
  }

  before(start: number): number {
    return this.startAt(start - 1)
  }

  endOf(start: number): number {
    this.find(start)
    return this.end
  }

  private find(at: number): void {
    if (this.start <= at && at < this.end) return
    let index = Math.floor((at + this.offsets.at(at)) / this.size)
    while (this.boundary(index) > at) index--
    while (this.boundary(index + 1) <= at) index++
    this.start = this.boundary(index)
    this.end = this.boundary(index + 1)
  }

  private boundary(index: number): number {
    return this.offsets.instantOf(index * this.size)
  }
}

export class HourWindows implements Windowing {
  private readonly offsets: ZoneOffsets
  private readonly size: number

  constructor(offsets: ZoneOffsets, size: number) {
    this.offsets = offsets
    this.size = size
  }

  startAt(at: number): number {
    // A change by less than the size cuts a window in two.
    return Math.max(this.alignedStart(at), this.offsets.since(at))
  }

  before(start: number): number {
    return this.startAt(start - 1)
  }

  endOf(start: number): number {
    return Math.min(this.alignedStart(start) + this.size, this.offsets.until(start))
  }

  private alignedStart(at: number): number {
    const offset = this.offsets.at(at)
    return Math.floor((at + offset) / this.size) * this.size - offset
  }
}
