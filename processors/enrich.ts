// enrich: the value as a record with more fields, of which the user's function returns only the new ones. A delete passes on.
import type { StreamRecord } from '../core/stream-record.ts'
import type { Outputs } from './operator.ts'
import { port } from './outputs.ts'
import { RecordOperator, type StepOfTask } from './record-operator.ts'
import type { ValueFunction } from './user-functions.ts'

export class Enrich<K, V, R, Out> extends RecordOperator<K, V> {
  private readonly fields: ValueFunction<K, V, R>
  private readonly extend: (value: V, fields: R) => Out

  constructor(step: StepOfTask, fields: ValueFunction<K, V, R>, extend: (value: V, fields: R) => Out) {
    super(step)
    this.fields = fields
    this.extend = extend
  }

  protected override take(record: StreamRecord<K, V>, outputs: Outputs): void {
    const { key, value } = record
    if (value === undefined) port(outputs).push(record)
    else port(outputs).push(record.withValue(this.extend(value, this.fields(value, key, this.place.of(record)))))
  }
}
