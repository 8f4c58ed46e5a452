// peek: looks at each record and passes it on.
import type { StreamRecord } from '../core/stream-record.ts'
import type { Outputs } from './operator.ts'
import { port } from './outputs.ts'
import { RecordOperator, type StepOfTask } from './record-operator.ts'
import type { ValueFunction } from './user-functions.ts'

export class Peek<K, V> extends RecordOperator<K, V> {
  private readonly look: ValueFunction<K, V, void>

  constructor(step: StepOfTask, look: ValueFunction<K, V, void>) {
    super(step)
    this.look = look
  }

  protected override take(record: StreamRecord<K, V>, outputs: Outputs): void {
    if (record.value !== undefined) this.look(record.value, record.key, this.place.of(record))
    port(outputs).push(record)
  }
}
