// What a task tells the tasks behind its repartition topics: how far it is, and whether anything is to be expected of it (time-model.md).
import type { TaskId } from '../core/topic-partition.ts'
import type { UpstreamStatus } from '../kafka/engine-header.ts'
import { BEFORE_ALL } from './event-time.ts'
import type { RecordWriter } from './record-writer.ts'

export class WatermarkBroadcast {
  private readonly task: TaskId
  private readonly writers: readonly RecordWriter[]
  private readonly intervalMs: number
  private told: { readonly watermark: number; readonly status: UpstreamStatus; readonly at: number } | undefined

  constructor(task: TaskId, writers: readonly RecordWriter[], intervalMs: number) {
    this.task = task
    this.writers = writers
    this.intervalMs = intervalMs
  }

  /** A moved watermark is told once an interval, a changed status at once. */
  isDue(watermark: number, status: UpstreamStatus, now: number): boolean {
    if (this.writers.length === 0) return false
    const { told } = this
    if (told === undefined) return Number.isFinite(watermark) || status === 'idle'
    return status !== told.status || (watermark > told.watermark && now - told.at >= this.intervalMs)
  }

  /** Goes into the buffers of this commit. */
  tell(watermark: number, status: UpstreamStatus, now: number): void {
    for (const writer of this.writers) writer.broadcast(this.task, Math.max(watermark, BEFORE_ALL), status, now)
    this.told = { watermark, status, at: now }
  }
}
