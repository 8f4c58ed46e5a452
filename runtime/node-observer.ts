// What is observed inside a task's graph: how long nodes take, and how late the records were that came too late.
import type { HistogramCell, Measurements } from '../metrics/measurements.ts'
import { stopwatch } from '../metrics/stopwatch.ts'

/** One batch and node in so many is timed. A prime, so that all the nodes of a graph have their turn. */
const TIMED_EVERY = 17
/** `begin` of a batch that is not timed. */
const NOT_TIMED = -1

export class NodeObserver {
  private readonly measurements: Measurements
  private readonly durations = new Map<string, HistogramCell>()
  private calls = 0

  constructor(measurements: Measurements) {
    this.measurements = measurements
  }

  /** What `end` needs. */
  begin(): number {
    this.calls = (this.calls + 1) % TIMED_EVERY
    return this.calls === 1 ? stopwatch() : NOT_TIMED
  }

  end(node: string, begun: number): void {
    if (begun !== NOT_TIMED) this.durationsOf(node).observe(stopwatch() - begun)
  }

  late(node: string, byMs: number): void {
    this.measurements.histogram('streams_record_lateness_seconds', { node }).observe(Math.max(0, byMs) / 1000)
  }

  private durationsOf(node: string): HistogramCell {
    let cell = this.durations.get(node)
    if (cell === undefined) {
      cell = this.measurements.histogram('streams_node_process_duration_seconds', { node })
      this.durations.set(node, cell)
    }
    return cell
  }
}
