// Wall-clock time and waiting, passed in so that any run can be repeated. Nothing else may ask the system for the time.

export interface Clock {
  /** Milliseconds since the epoch, UTC. */
  now(): number
  /** Resolves after `ms` of this clock's time, or at once when `signal` is aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
}

export const systemClock: Clock = {
  now: () => Date.now(),
  sleep: (ms, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted) return resolve()
      const done = () => {
        clearTimeout(timer)
        signal?.removeEventListener('abort', done)
        resolve()
      }
      const timer = setTimeout(done, ms)
      signal?.addEventListener('abort', done, { once: true })
    }),
}

/** A clock that moves only when told to; sleepers wake in the order of their times. */
export class ManualClock implements Clock {
  private time: number
  private sleepers: { readonly at: number; readonly wake: () => void }[] = []

  constructor(startMs = 0) {
    this.time = startMs
  }

  now(): number {
    return this.time
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal?.aborted || ms <= 0) return resolve()
      const wake = () => {
        this.sleepers = this.sleepers.filter((other) => other !== sleeper)
        signal?.removeEventListener('abort', wake)
        resolve()
      }
      const sleeper = { at: this.time + ms, wake }
      this.sleepers.push(sleeper)
      signal?.addEventListener('abort', wake, { once: true })
    })
  }

  advance(ms: number): void {
    this.advanceTo(this.time + ms)
  }

  /** Moves forward to `time` (never back) and wakes everyone due, earliest first. */
  advanceTo(time: number): void {
    this.time = Math.max(this.time, time)
    const due = this.sleepers.filter(({ at }) => at <= this.time).sort((a, b) => a.at - b.at)
    for (const { wake } of due) wake()
  }

  /** When the next sleeper wakes, or undefined when nobody sleeps. */
  nextWake(): number | undefined {
    return this.sleepers.length === 0 ? undefined : Math.min(...this.sleepers.map(({ at }) => at))
  }
}
