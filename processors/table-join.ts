// Stream-table joins: each record with the row that the table has now, at the stream's time.
import type { StreamRecord } from '../core/stream-record.ts'
import type { Outputs } from './operator.ts'
import { port } from './outputs.ts'
import { RecordOperator, type StepOfTask } from './record-operator.ts'

export interface TableJoinSteps<K, V, Out> {
  /** Makes the rows readable that `rowOf` will ask for. */
  load?(batch: readonly StreamRecord<K, V>[]): Promise<void> | undefined
  rowOf(value: V, key: K): unknown
  /** `row` is what the table's declaration says, undefined only in a left join. */
  join(value: V, row: unknown, key: K): Out
  /** `inner`: records without a row end here, counted. */
  readonly kind: 'inner' | 'left'
}

export class TableJoin<K, V, Out> extends RecordOperator<K, V> {
  private readonly steps: TableJoinSteps<K, V, Out>

  constructor(step: StepOfTask, steps: TableJoinSteps<K, V, Out>) {
    super(step)
    this.steps = steps
  }

  prepare(batch: readonly StreamRecord<K, V>[]): Promise<void> | undefined {
    return this.steps.load?.(batch)
  }

  protected override take(record: StreamRecord<K, V>, outputs: Outputs): void {
    const { key, value } = record
    const row = value === undefined ? undefined : this.steps.rowOf(value, key)
    if (value === undefined) this.context.count(this.node, 'tombstone')
    else if (row === undefined && this.steps.kind === 'inner') this.context.count(this.node, 'skipped')
    else port(outputs).push(record.withValue(this.steps.join(value, row, key)))
  }
}
