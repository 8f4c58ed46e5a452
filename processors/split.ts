// split: each record leaves by the port of the first branch that wants it; the last port takes the rest. A delete may concern any branch: it leaves by all.
import type { StreamRecord } from '../core/stream-record.ts'
import type { Outputs } from './operator.ts'
import { port } from './outputs.ts'
import { RecordOperator, type StepOfTask } from './record-operator.ts'
import type { ValueFunction } from './user-functions.ts'

export class Split<K, V> extends RecordOperator<K, V> {
  private readonly branches: readonly ValueFunction<K, V, boolean>[]

  constructor(step: StepOfTask, branches: readonly ValueFunction<K, V, boolean>[]) {
    super(step)
    this.branches = branches
  }

  protected override take(record: StreamRecord<K, V>, outputs: Outputs): void {
    if (record.value === undefined) for (let i = 0; i <= this.branches.length; i++) port(outputs, i).push(record)
    else port(outputs, this.branchOf(record, record.value)).push(record)
  }

  private branchOf(record: StreamRecord<K, V>, value: V): number {
    const { branches, place } = this
    const found = branches.findIndex((wants) => wants(value, record.key, place.of(record)))
    return found < 0 ? branches.length : found
  }
}
