// Monotonic time for measurements alone: finer than a Clock's milliseconds, and nothing may be decided by it, so that any run can still be repeated.
import { performance } from 'node:perf_hooks'

/** Seconds since some moment. */
export function stopwatch(): number {
  return performance.now() / 1000
}
