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
 * Walks a fetch from `position` on. Each step yields the next position, behind data, control and aborted batches alike; after it `columns` holds the batch's
 * rows from `position` on: none for what is no committed data. (With read_uncommitted nothing is reported as aborted, so all data passes.)
 */
export function* committedBatches(
  fetched: FetchedPartition,
  position: number,
  columns: RecordColumns,
): Generator<number> {
  const { batches } = fetched
  const aborted = new AbortedFilter(fetched.aborted)
  for (let at = 0; ; ) {
    const byteLength = wholeBatchBytes(batches, at)
    if (byteLength === undefined) return
    const lastOffset = batchLastOffset(batches, at)
    columns.count = 0
    if (!aborted.skips(batches, at) && lastOffset >= position) {
      readRecordBatch(batches, at, columns)
      if (batchBaseOffset(batches, at) < position) columns.dropBelow(position)
    }
    at += byteLength
    if (lastOffset >= position) yield lastOffset + 1
  }
}

/** The same walk for those who need not wait between batches. Returns the next position. */
export function visitCommitted(
  fetched: FetchedPartition,
  position: number,
  columns: RecordColumns,
  visit: (columns: RecordColumns) => void,
): number {
  let next = position
  for (next of committedBatches(fetched, position, columns)) if (columns.count > 0) visit(columns)
  return next
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
