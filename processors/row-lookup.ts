// How a join finds a table's row: in a store of its task by the record's key, or in a global table, which every worker holds whole, by any key.
import type { StreamRecord } from '../core/stream-record.ts'
import type { KeyValueStore } from '../state/task-stores.ts'

/** What a row is, the table's declaration knows. */
export interface RowLookup<in K> {
  /** Makes the rows of these records' keys readable. */
  load(batch: readonly StreamRecord<K>[]): Promise<void> | undefined
  get(key: K): unknown
}

export class StoredRows<K, Stored> implements RowLookup<K> {
  private readonly store: KeyValueStore<K, Stored>
  private readonly rowOf: (stored: Stored) => unknown

  constructor(store: KeyValueStore<K, Stored>, rowOf: (stored: Stored) => unknown) {
    this.store = store
    this.rowOf = rowOf
  }

  load(batch: readonly StreamRecord<K>[]): Promise<void> | undefined {
    return this.store.load(batch.map(({ key }) => key))
  }

  get(key: K): unknown {
    const stored = this.store.get(key)
    return stored === undefined ? undefined : this.rowOf(stored)
  }
}
