// flatMapValues: any number of values under the same key. A delete passes on.
import type { StreamRecord } from '../core/stream-record.ts'
import type { Outputs } from './operator.ts'
import { port } from './outputs.ts'
import { RecordOperator, type StepOfTask } from './record-operator.ts'
import type { ValueFunction } from './user-functions.ts'

export class FlatMapValues<K, V, Out> extends RecordOperator<K, V> {
  private readonly map: ValueFunction<K, V, readonly Out[]>

  constructor(step: StepOfTask, map: ValueFunction<K, V, readonly Out[]>) {
    super(step)
    this.map = map
  }

  protected override take(record: StreamRecord<K, V>, outputs: Outputs): void {
    const out = port(outputs)
    if (record.value === undefined) out.push(record)
    else
      for (const value of this.map(record.value, record.key, this.place.of(record))) out.push(record.withValue(value))
  }
}
