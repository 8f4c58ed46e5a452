// How far the tasks that are being taken over have come with reading their changelogs.
import type { Measurements } from '../metrics/measurements.ts'

interface Progress {
  readonly done: number
  readonly total: number
}

export class RestoreProgress {
  private readonly measurements: Measurements
  private readonly tasks = new Map<string, Progress>()

  constructor(measurements: Measurements) {
    this.measurements = measurements
  }

  /** Of all tasks that are being restored now; undefined when there is none. */
  get now(): Progress | undefined {
    if (this.tasks.size === 0) return undefined
    const all = [...this.tasks.values()]
    return { done: all.reduce((sum, { done }) => sum + done, 0), total: all.reduce((sum, { total }) => sum + total, 0) }
  }

  /** A take-over that begins anew reads anew. */
  restoring(task: string, done: number, total: number): void {
    const before = this.tasks.get(task)?.done ?? 0
    this.tasks.set(task, { done, total })
    this.measurements.cell('streams_restore_records_total', { task }).value += done > before ? done - before : done
    this.measurements.cell('streams_restore_remaining_records', { task }).value = total - done
  }

  opened(task: string, tookMs: number): void {
    this.tasks.delete(task)
    this.measurements.cell('streams_restore_remaining_records', { task }).value = 0
    this.measurements.histogram('streams_restore_duration_seconds').observe(tookMs / 1000)
  }

  /** Those that somebody else restores now. */
  forgetAllBut(assigned: ReadonlySet<string>): void {
    for (const task of this.tasks.keys())
      if (!assigned.has(task)) {
        this.tasks.delete(task)
        this.measurements.drop('streams_restore_remaining_records', { task })
      }
  }
}
