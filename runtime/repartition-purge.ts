// What every task behind a repartition topic has committed is deleted from it: it is the application's own and nobody reads it twice.
import type { Admin } from '../kafka/cluster.ts'
import type { Task } from './task.ts'

/** `tasks` are those of this worker; each purges the partitions that it reads, below the position of its last commit. */
export async function purgeRepartitionTopics(admin: Admin, tasks: readonly Task[]): Promise<void> {
  const before = tasks.flatMap((task) => task.committedInputs().filter(({ offset }) => offset > 0))
  if (before.length > 0)
    await admin.deleteRecords(before.map(({ topic, partition, offset }) => ({ topic, partition, before: offset })))
}
