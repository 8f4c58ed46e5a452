// A table read from a topic: each record replaces its key's row, a record without a value deletes it.
import type { StreamRecord } from '../core/stream-record.ts'
import type { KeyValueStore } from '../state/task-stores.ts'
import type { Operator, Outputs, TaskContext } from './operator.ts'
import { port } from './outputs.ts'
import { TableChange } from './table-change.ts'

export class TableStore<K, V> implements Operator {
  private readonly context: TaskContext
  private readonly node: string
  private readonly store: KeyValueStore<K, V>

  constructor(context: TaskContext, node: string, store: KeyValueStore<K, V>) {
    this.context = context
    this.node = node
    this.store = store
  }

  prepare(batch: readonly StreamRecord<K, V | undefined>[]): Promise<void> | undefined {
    return this.store.load(batch.map(({ key }) => key))
  }

  process(batch: readonly StreamRecord<K, V | undefined>[], outputs: Outputs): void {
    const out = port(outputs)
    for (const record of batch) {
      const { key, value } = record
      const before = this.store.get(key)
      if (value !== undefined) this.store.put(key, value)
      else if (before === undefined) {
        this.context.count(this.node, 'tombstone')
        continue
      } else this.store.delete(key)
      out.push(record.withValue(new TableChange(before, value, value)))
    }
  }
}
