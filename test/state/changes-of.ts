// Changes made of a list, for tests of whatever takes changes.
import type { Changes } from '../../state/backend.ts'

export interface ListedChange {
  readonly store: string
  readonly key: Uint8Array | string
  /** undefined deletes. */
  readonly value: Uint8Array | string | undefined
}

export function changesOf(list: readonly ListedChange[]): Changes {
  return {
    count: list.length,
    forEach: (visit) => {
      for (const { store, key, value } of list) {
        const keyBytes = Buffer.from(key)
        const valueBytes = value === undefined ? undefined : Buffer.from(value)
        visit(store, keyBytes, 0, keyBytes.length, valueBytes, 0, valueBytes?.length ?? 0)
      }
    },
  }
}
