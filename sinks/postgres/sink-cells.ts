// The sink's measurements: cells looked up once, added to per batch.
import { type Labels, Measurements } from '../../metrics/measurements.ts'

export type FlushPhase = 'copy' | 'merge' | 'commit'
export type RowOperation = 'insert' | 'upsert' | 'delete'

export class SinkCells {
  private readonly measurements: Measurements
  private readonly labels: Labels

  /** Without `measurements` everything is counted into nothing. */
  constructor(sink: string, measurements: Measurements = new Measurements(() => [])) {
    this.measurements = measurements
    this.labels = { sink }
  }

  rows(table: string, op: RowOperation, count: number): void {
    if (count === 0) return
    this.measurements.cell('streams_sink_rows_total', { ...this.labels, table, op }).value += count
  }

  phase(phase: FlushPhase, durationMs: number): void {
    this.measurements
      .histogram('streams_sink_flush_duration_seconds', { ...this.labels, phase })
      .observe(durationMs / 1000)
  }

  batch(rows: number, bytes: number): void {
    this.measurements.histogram('streams_sink_batch_rows', this.labels).observe(rows)
    this.measurements.cell('streams_sink_bytes_total', this.labels).value += bytes
  }

  succeeded(atMs: number): void {
    this.measurements.cell('streams_sink_last_success_timestamp_seconds', this.labels).value = atMs / 1000
  }

  failure(sqlStateClass: string): void {
    this.measurements.cell('streams_sink_failures_total', { ...this.labels, sqlstate_class: sqlStateClass }).value++
  }

  retry(sqlStateClass: string): void {
    this.measurements.cell('streams_sink_retries_total', { ...this.labels, sqlstate_class: sqlStateClass }).value++
  }
}
