// Where the time of a worker goes. Its tasks take turns on one event loop, so the times are the worker's; together they are wall time.
import type { Measurements } from '../metrics/measurements.ts'
import { stopwatch } from '../metrics/stopwatch.ts'

/** `waiting`: for input, or between two steps, when sinks and pages have their turn. `backing_off`: after a failure. */
export type Work = 'waiting' | 'opening' | 'processing' | 'committing' | 'backing_off'

export class WorkTimes {
  private readonly seconds: Record<Work, number> = {
    waiting: 0,
    opening: 0,
    processing: 0,
    committing: 0,
    backing_off: 0,
  }
  private current: Work = 'waiting'
  private since: number
  private readonly time: () => number

  /** `time` in seconds. */
  constructor(measurements: Measurements, time: () => number = stopwatch) {
    this.time = time
    this.since = time()
    measurements.onScrape(() => {
      this.enter(this.current)
      for (const [state, seconds] of Object.entries(this.seconds))
        measurements.cell('streams_worker_time_seconds_total', { state }).value = seconds
    })
  }

  enter(next: Work): void {
    const now = this.time()
    this.seconds[this.current] += now - this.since
    this.current = next
    this.since = now
  }
}
