// Cuts the changes of a flush into chunks that own their bytes, for flushes that take several steps.
import type { TaskId } from '../core/topic-partition.ts'
import type { Changes } from './backend.ts'

export interface FlushInChunks {
  /** Changes in one chunk. */
  readonly size: number
  /** Awaited between two chunks; when it throws, the flush stays torn. */
  between(task: TaskId, chunk: number): Promise<void>
}

interface Change {
  readonly store: string
  readonly key: Buffer
  readonly value: Buffer | undefined
}

/** At least one chunk, in order, of at most `size` changes each. */
export function chunksOf(changes: Changes, size: number): readonly Changes[] {
  const copies = listOf(changes)
  const chunks = [asChanges(copies.slice(0, size))]
  for (let i = size; i < copies.length; i += size) chunks.push(asChanges(copies.slice(i, i + size)))
  return chunks
}

/** Changes that stay as they are while the write buffer goes on. */
export function copyOf(changes: Changes): Changes {
  return asChanges(listOf(changes))
}

function listOf(changes: Changes): readonly Change[] {
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
