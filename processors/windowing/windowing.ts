// How time is cut into windows: the windows that contain an instant, and where each ends. All times are instants, ms UTC.
//
//   for (let start = windowing.startAt(at); windowing.endOf(start) > at; start = windowing.before(start)) …   visits them, the latest first

export interface Windowing {
  /** Start of the latest window that contains `at`. */
  startAt(at: number): number
  /** Start of the window before the one that starts at `start`: the next to ask whether it contains an instant too. */
  before(start: number): number
  /** Exclusive. */
  endOf(start: number): number
}
