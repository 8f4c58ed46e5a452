// Retention by time: a segment goes when its newest record is older than the topic keeps records.
import type { PartitionLog } from './partition-log.ts'

export function deleteExpired(partition: PartitionLog, now: number): void {
  const { retentionMs } = partition.config
  if (retentionMs < 0) return
  const horizon = now - retentionMs
  if (partition.newestTimestamp < horizon) partition.roll()
  let deletable = partition.startOffset
  for (const segment of partition.sealedSegments) {
    if (segment.maxTimestamp >= horizon || segment.nextOffset > partition.stableOffset) break
    deletable = segment.nextOffset
  }
  partition.deleteBefore(deletable)
}
