// How time is cut into windows: the windows that contain an instant, and where each ends. All times are instants, ms UTC.
//
//   for (let start = windowing.startAt(at); windowing.endOf(start) > at; start = windowing.before(start)) …   visits them, the latest first
import type { StartRange } from '../../state/task-stores.ts'

export interface Windowing {
  /** Start of the latest window that contains `at`. */
  startAt(at: number): number
  /** Start of the window before the one that starts at `start`: the next to ask whether it contains an instant too. */
  before(start: number): number
  /** Exclusive. */
  endOf(start: number): number
}

/** Starts of the windows that begin in a range, the earliest first; at most the `limit` latest. */
export function startsWithin(windowing: Windowing, { from, to }: StartRange, limit: number): readonly number[] {
  const starts: number[] = []
  let start = windowing.startAt(to - 1)
  for (; start >= from && starts.length < limit; start = windowing.before(start)) starts.push(start)
  return starts.reverse()
}
