// Cuts the changes of a flush into chunks that own their bytes, for flushes that take several steps.
import type { Changes } from './backend.ts'

interface Change {
  readonly store: string
  readonly key: Buffer
  readonly value: Buffer | undefined
}

/** At least one chunk, in order, of at most `size` changes each. */
export function chunksOf(changes: Changes, size: number): readonly Changes[] {
  const copies = copyOf(changes)
  const chunks = [asChanges(copies.slice(0, size))]
  for (let i = size; i < copies.length; i += size) chunks.push(asChanges(copies.slice(i, i + size)))
  return chunks
}

function copyOf(changes: Changes): readonly Change[] {
  const copies: Change[] = []
  changes.forEach((store, key, keyStart, keyEnd, value, valueStart, valueEnd) => {
    copies.push({
      store,
      key: Buffer.from(key.subarray(keyStart, keyEnd)),
      value: value && Buffer.from(value.subarray(valueStart, valueEnd)),
    })
  })
  return copies
}

function asChanges(copies: readonly Change[]): Changes {
  return {
    count: copies.length,
    forEach: (visit) => {
      for (const { store, key, value } of copies) visit(store, key, 0, key.length, value, 0, value?.length ?? 0)
    },
  }
}
