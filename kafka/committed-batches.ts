// The read-committed filter over a fetch: leaves out control batches and the batches of aborted transactions, whatever their interleaving.
import type { AbortedTransaction, FetchedPartition } from './cluster.ts'
import {
  batchBaseOffset,
  batchLastOffset,
  readBatchHeader,
  readControlType,
  wholeBatchBytes,
} from './record-batch/batch-header.ts'
import { type RecordColumns, readRecordBatch } from './record-batch/record-columns.ts'

/**
 * Visits the data batches of a fetch that are committed (all of them when isolation is read_uncommitted), from `position` on; rows below `position` have been
 * removed from `columns` already. Returns the next position: behind control batches and aborted ones too.
 */
export function visitCommitted(
  fetched: FetchedPartition,
  position: number,
  columns: RecordColumns,
  visit: (columns: RecordColumns) => void,
): number {
  const { batches } = fetched
  const aborted = new AbortedFilter(fetched.aborted)
  let next = position
  for (let at = 0; ; ) {
    const byteLength = wholeBatchBytes(batches, at)
    if (byteLength === undefined) return next
    const lastOffset = batchLastOffset(batches, at)
    if (!aborted.skips(batches, at) && lastOffset >= position) {
      readRecordBatch(batches, at, columns)
      if (batchBaseOffset(batches, at) < position) columns.dropBelow(position)
      if (columns.count > 0) visit(columns)
    }
    next = Math.max(next, lastOffset + 1)
    at += byteLength
  }
}

/** Follows which producers are inside an aborted transaction while the batches go by in the order of the log. */
class AbortedFilter {
  private readonly waiting: readonly AbortedTransaction[]
  private begun = 0
  private readonly producers = new Set<number>()

  constructor(aborted: readonly AbortedTransaction[]) {
    this.waiting = aborted.toSorted((a, b) => a.firstOffset - b.firstOffset)
  }

  /** Whether the batch at `at` is a control batch or aborted. */
  skips(batches: Buffer, at: number): boolean {
    const header = readBatchHeader(batches, at)
    this.beginUpTo(header.lastOffset)
    if (header.isControl) {
      if (readControlType(batches, at) === 'abort') this.producers.delete(header.producerId)
      return true
    }
    return header.isTransactional && this.producers.has(header.producerId)
  }

  private beginUpTo(offset: number): void {
    for (; this.begun < this.waiting.length; this.begun++) {
      const transaction = this.waiting[this.begun]
      if (transaction === undefined || transaction.firstOffset > offset) return
      this.producers.add(transaction.producerId)
    }
  }
}
