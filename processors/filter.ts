// filter: records that are kept go on; others end here, counted as skipped. A delete passes on.
import type { StreamRecord } from '../core/stream-record.ts'
import type { Outputs } from './operator.ts'
import { port } from './outputs.ts'
import { RecordOperator, type StepOfTask } from './record-operator.ts'
import type { ValueFunction } from './user-functions.ts'

export class Filter<K, V> extends RecordOperator<K, V> {
  private readonly keep: ValueFunction<K, V, boolean>

  constructor(step: StepOfTask, keep: ValueFunction<K, V, boolean>) {
    super(step)
    this.keep = keep
  }

  protected override take(record: StreamRecord<K, V>, outputs: Outputs): void {
    if (record.value === undefined || this.keep(record.value, record.key, this.place.of(record)))
      port(outputs).push(record)
    else this.context.count(this.node, 'skipped')
  }
}
