// The release of a task that was claimed and never ran, or does not run any more: the word that its next owner waits for (take-over.ts).
import { assert } from '../core/assert.ts'
import type { TaskId } from '../core/topic-partition.ts'
import type { ProducedBatch } from '../kafka/cluster.ts'
import { RecordBatchWriter } from '../kafka/record-batch/record-batch-writer.ts'
import type { Writer } from '../state/backend.ts'
import { appendRelease } from '../state/changelog.ts'
import type { CompiledTopology } from '../topology/graph.ts'

export function releaseOf(
  { subtopology, partition }: TaskId,
  { subtopologies }: CompiledTopology,
  writer: Writer,
  now: number,
): ProducedBatch {
  const changelog = subtopologies[subtopology]?.changelog
  assert(changelog !== undefined, 'a task that was claimed has a changelog')
  const records = new RecordBatchWriter()
  appendRelease(records, now, writer)
  return { topic: changelog.name, partition, records }
}
