// selectKey: the same value under another key. A delete has no value to take the key from: it ends here, counted.
import type { StreamRecord } from '../core/stream-record.ts'
import type { Outputs } from './operator.ts'
import { port } from './outputs.ts'
import { RecordOperator, type StepOfTask } from './record-operator.ts'
import type { ValueFunction } from './user-functions.ts'

export class SelectKey<K, V, K2> extends RecordOperator<K, V> {
  private readonly key: ValueFunction<K, V, K2>

  constructor(step: StepOfTask, key: ValueFunction<K, V, K2>) {
    super(step)
    this.key = key
  }

  protected override take(record: StreamRecord<K, V>, outputs: Outputs): void {
    if (record.value === undefined) this.context.count(this.node, 'tombstone')
    else port(outputs).push(record.withKey(this.key(record.value, record.key, this.place.of(record))))
  }
}
