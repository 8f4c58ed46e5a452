// How a join looks up a table's row of a key: in a store of its task, or in a global table that every worker holds whole.
import type { KeyValueStore } from '../state/task-stores.ts'

export interface RowLookup<in K, out S> {
  load(keys: readonly K[]): Promise<void> | undefined
  get(key: K): S | undefined
}

export class StoredRows<K, Stored, S> implements RowLookup<K, S> {
  private readonly store: KeyValueStore<K, Stored>
  private readonly rowOf: (stored: Stored) => S

  constructor(store: KeyValueStore<K, Stored>, rowOf: (stored: Stored) => S) {
    this.store = store
    this.rowOf = rowOf
  }

  load(keys: readonly K[]): Promise<void> | undefined {
    return this.store.load(keys)
  }

  get(key: K): S | undefined {
    const stored = this.store.get(key)
    return stored === undefined ? undefined : this.rowOf(stored)
  }
}
