// What a partition's cleanup policy asks for: old segments deleted, superseded records compacted away.
import type { Clock } from '../../../core/clock.ts'
import { compact } from './compaction.ts'
import type { PartitionLog } from './partition-log.ts'
import { deleteExpired } from './retention.ts'

export async function maintainPartition(partition: PartitionLog, clock: Clock): Promise<void> {
  const { cleanupPolicy } = partition.config
  if (cleanupPolicy !== 'compact') deleteExpired(partition, clock.now())
  if (cleanupPolicy !== 'delete') await compact(partition, clock)
}
