// toStream: the value behind each change of a table; a deleted row goes on as a record without a value.
import type { StreamRecord } from '../core/stream-record.ts'
import type { Operator, Outputs } from './operator.ts'
import { port } from './outputs.ts'
import type { TableChange } from './table-change.ts'

export class TableValues<K, S, V> implements Operator {
  process(batch: readonly StreamRecord<K, TableChange<S, V>>[], outputs: Outputs): void {
    const out = port(outputs)
    for (const record of batch) out.push(record.withValue(record.value.value))
  }
}
