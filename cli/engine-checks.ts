// What /readyz tells of the partitions that the application reads: whether one of them stands still, where, for what, and since when.
import { seconds } from '../core/duration.ts'
import type { ApplicationSnapshot } from '../runtime/snapshot.ts'
import { defaultWorkerConfig } from '../runtime/worker-options.ts'
import { NotReady, type ReadyCheck } from '../server/health.ts'

/** Twice as long as a transaction may be open, so that the brokers have had the time to end it. */
const HELD_BACK_MS_MAX = 2 * defaultWorkerConfig.transactionTimeoutMs
/** A schema that is met for the first time comes in a moment. */
const SCHEMA_WAIT_MS_MAX = seconds(3)

export function engineChecks(snapshot: () => ApplicationSnapshot): ReadyCheck[] {
  return [
    { name: 'transactions', check: async () => requireEndingTransactions(snapshot()) },
    { name: 'schemas', check: async () => requireSchemas(snapshot()) },
  ]
}

/** @throws NotReady when a transaction that nobody ends hides what is committed behind it. */
function requireEndingTransactions({ at, heldBack }: ApplicationSnapshot): void {
  const oldest = oldestOf(heldBack)
  if (oldest === undefined || at - oldest.since < HELD_BACK_MS_MAX) return
  const { topic, partition, offset, since } = oldest
  throw new NotReady(`${topic}-${partition} cannot be read beyond ${offset}: a transaction there does not end`, since)
}

/** @throws NotReady when partitions wait for schemas: which has waited longest, and for what. */
function requireSchemas({ at, awaitedSchemas }: ApplicationSnapshot): void {
  const oldest = oldestOf(awaitedSchemas)
  if (oldest === undefined || at - oldest.since < SCHEMA_WAIT_MS_MAX) return
  const { topic, partition, offset, schemaId, since, reason } = oldest
  const others = awaitedSchemas.length === 1 ? '' : ` (and ${awaitedSchemas.length - 1} more, see /api/snapshot)`
  throw new NotReady(`${topic}-${partition} waits at ${offset} for schema ${schemaId}${others}: ${reason}`, since)
}

function oldestOf<Wait extends { readonly since: number }>(waits: readonly Wait[]): Wait | undefined {
  return waits.toSorted((a, b) => a.since - b.since)[0]
}
