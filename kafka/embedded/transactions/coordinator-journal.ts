// What the coordinator must not forget, as journal entries. A transaction is committed if and only if its `commit` entry is whole:
// everything undecided at a crash is aborted (hence there is no entry for an abort), everything decided is completed.
import type { CommittedPositions } from './group-positions.ts'

export interface ProducerEntry {
  readonly kind: 'producer'
  readonly transactionalId: string
  readonly producerId: number
  readonly epoch: number
  readonly timeoutMs: number
  readonly usedMs: number
}

/** Producer ids below are taken, even where nobody remembers by whom. */
export interface ProducerIdsEntry {
  readonly kind: 'producerIds'
  readonly next: number
}

/** The decision, with everything it decides that is not a marker. */
export interface CommitEntry {
  readonly kind: 'commit'
  readonly transactionalId: string
  readonly offsets: readonly CommittedPositions[]
}

/** All markers of the transaction are written. */
export interface CompleteEntry {
  readonly kind: 'complete'
  readonly transactionalId: string
}

/** Positions committed outside a transaction. */
export interface OffsetsEntry extends CommittedPositions {
  readonly kind: 'offsets'
}

export interface ForgetTopicEntry {
  readonly kind: 'forgetTopic'
  readonly topic: string
}

export type CoordinatorEntry =
  | ProducerEntry
  | ProducerIdsEntry
  | CommitEntry
  | CompleteEntry
  | OffsetsEntry
  | ForgetTopicEntry
