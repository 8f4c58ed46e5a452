// Contract stub; replaced.
import type { FetchedPartition } from './cluster.ts'
import type { RecordColumns } from './record-batch/record-columns.ts'
/**
 * Visits the data batches of a fetch that are committed (all of them when isolation is read_uncommitted), from `position` on; rows below `position` have been
 * removed from `columns` already. Returns the next position: behind control batches and aborted ones too.
 */
export declare function visitCommitted(
  fetched: FetchedPartition,
  position: number,
  columns: RecordColumns,
  visit: (columns: RecordColumns) => void,
): number
