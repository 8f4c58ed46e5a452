// mapValues: another value under the same key. A delete passes on.
import type { StreamRecord } from '../core/stream-record.ts'
import type { Outputs } from './operator.ts'
import { port } from './outputs.ts'
import { RecordOperator, type StepOfTask } from './record-operator.ts'
import type { ValueFunction } from './user-functions.ts'

export class MapValues<K, V, Out> extends RecordOperator<K, V> {
  private readonly map: ValueFunction<K, V, Out>

  constructor(step: StepOfTask, map: ValueFunction<K, V, Out>) {
    super(step)
    this.map = map
  }

  protected override take(record: StreamRecord<K, V>, outputs: Outputs): void {
    if (record.value === undefined) port(outputs).push(record)
    else port(outputs).push(record.withValue(this.map(record.value, record.key, this.place.of(record))))
  }
}
