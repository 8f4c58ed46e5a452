// map and flatMap: other keys and values. A delete has no value to map: it ends here, counted.
import type { StreamRecord } from '../core/stream-record.ts'
import type { Outputs } from './operator.ts'
import { port } from './outputs.ts'
import { RecordOperator, type StepOfTask } from './record-operator.ts'
import type { ValueFunction } from './user-functions.ts'

export interface KeyAndValue<K, V> {
  readonly key: K
  readonly value: V
}

export class FlatMap<K, V, K2, Out> extends RecordOperator<K, V> {
  private readonly map: ValueFunction<K, V, readonly KeyAndValue<K2, Out>[]>

  constructor(step: StepOfTask, map: ValueFunction<K, V, readonly KeyAndValue<K2, Out>[]>) {
    super(step)
    this.map = map
  }

  protected override take(record: StreamRecord<K, V>, outputs: Outputs): void {
    if (record.value === undefined) {
      this.context.count(this.node, 'tombstone')
      return
    }
    const out = port(outputs)
    for (const { key, value } of this.map(record.value, record.key, this.place.of(record)))
      out.push(record.with(key, value))
  }
}
