// Producers and transactions: who may write under a transactional id, what a transaction has touched, and how it ends.
// Commit: 1. the decision goes to the journal, group positions with it  2. markers to every partition  3. the journal says complete.
import { never } from '../../../core/assert.ts'
import type { Clock } from '../../../core/clock.ts'
import { ProducerFenced, Retriable } from '../../../core/errors.ts'
import { type TopicPartition, topicPartitionName } from '../../../core/topic-partition.ts'
import type { Position, ProducerOptions } from '../../cluster.ts'
import type { PartitionLog } from '../log/partition-log.ts'
import { requireOpen } from '../require-open.ts'
import type { LogStorage } from '../storage/log-storage.ts'
import { WaitList, waitForAny } from '../wait-list.ts'
import type { CoordinatorEntry, ProducerEntry } from './coordinator-journal.ts'
import { type CommittedPositions, GroupPositions } from './group-positions.ts'
import { Journal } from './journal.ts'

export interface ProducerIdentity {
  readonly transactionalId: string
  readonly producerId: number
  readonly epoch: number
}

interface Transaction {
  readonly startedMs: number
  readonly partitions: Set<PartitionLog>
  readonly offsets: CommittedPositions[]
  /** The decision is in the journal: it can only be completed now. */
  isDecided: boolean
}

interface ProducerState {
  entry: ProducerEntry
  transaction: Transaction | undefined
}

/** Kafka's int16. */
const epochMax = 32_767
/** Kafka's `transactional.id.expiration.ms`: a transactional id unused for so long is forgotten. */
const idExpirationMs = 7 * 86_400_000
const journalBytesMax = 16 * 1024 * 1024
/** How long a reader of committed positions waits for a transaction to decide. */
const stableWaitMs = 5_000

export class TransactionCoordinator {
  private readonly clock: Clock
  private readonly journal: Journal<CoordinatorEntry>
  private readonly producers = new Map<string, ProducerState>()
  private readonly positions = new GroupPositions()
  private readonly ended = new WaitList()
  private nextProducerId = 1
  private isClosed = false

  /** Reads the journal, then ends every transaction that a crash left open in `partitions`. */
  constructor(storage: LogStorage, clock: Clock, partitions: Iterable<PartitionLog>) {
    this.clock = clock
    this.journal = new Journal(storage, 'coordinator.log')
    const decided = new Set<number>()
    this.journal.recover((entry) => this.replay(entry, decided))
    for (const partition of partitions) endOpenTransactions(partition, decided)
    this.compactJournal()
  }

  /** From now on every producer is refused. */
  close(): void {
    this.isClosed = true
  }

  init({ transactionalId, transactionTimeoutMs }: ProducerOptions): ProducerIdentity {
    requireOpen(this.isClosed)
    const known = this.producers.get(transactionalId)
    if (known?.transaction?.isDecided) this.complete(known)
    const entry = this.nextEpoch(known?.entry, transactionalId, transactionTimeoutMs)
    this.journal.append(entry)
    if (known === undefined) this.producers.set(transactionalId, { entry, transaction: undefined })
    else this.abortWith(known, entry)
    return entry
  }

  /** Makes `partition` part of the producer's transaction, which begins with the first. @throws ProducerFenced */
  addPartition(producer: ProducerIdentity, partition: PartitionLog): void {
    this.begin(this.live(producer)).partitions.add(partition)
  }

  /** @throws ProducerFenced */
  addOffsets(producer: ProducerIdentity, offsets: CommittedPositions): void {
    this.begin(this.live(producer)).offsets.push(offsets)
  }

  /** Does nothing when no transaction is open. @throws ProducerFenced */
  commit(producer: ProducerIdentity): void {
    const state = this.live(producer)
    if (state.transaction === undefined) return
    const { offsets } = state.transaction
    this.journal.append({ kind: 'commit', transactionalId: producer.transactionalId, offsets })
    state.transaction.isDecided = true
    this.complete(state)
  }

  /** @throws ProducerFenced */
  abort(producer: ProducerIdentity): void {
    const state = this.live(producer)
    this.abortWith(state, state.entry)
  }

  commitOffsets(offsets: CommittedPositions): void {
    requireOpen(this.isClosed)
    this.journal.append({ kind: 'offsets', ...offsets })
    this.positions.apply(offsets)
    this.keepJournalSmall()
  }

  /** Waits while an open transaction may still move one of the positions. */
  async committed(group: string, of: readonly TopicPartition[]): Promise<(number | undefined)[]> {
    const deadline = this.clock.now() + stableWaitMs
    while (this.isUndecided(group, of)) {
      const left = deadline - this.clock.now()
      if (left <= 0) throw new Retriable('unstable_offset', `a transaction holds positions of group ${group}`)
      await waitForAny([this.ended], this.clock, left)
    }
    return of.map((place) => this.positions.get(group, place))
  }

  forgetTopic(topic: string, partitions: readonly PartitionLog[]): void {
    this.journal.append({ kind: 'forgetTopic', topic })
    this.positions.forgetTopic(topic)
    for (const { transaction } of this.producers.values()) {
      for (const partition of partitions) transaction?.partitions.delete(partition)
    }
  }

  /** Aborts transactions left open too long and forgets ids unused for a week. */
  maintain(): void {
    const now = this.clock.now()
    for (const [transactionalId, state] of this.producers) {
      const { transaction, entry } = state
      if (transaction?.isDecided) this.complete(state)
      else if (transaction && transaction.startedMs + entry.timeoutMs <= now) this.timeOut(state)
      else if (!transaction && entry.usedMs < now - idExpirationMs) this.producers.delete(transactionalId)
    }
  }

  // ---- steps

  private live({ transactionalId, producerId, epoch }: ProducerIdentity): ProducerState {
    requireOpen(this.isClosed)
    const state = this.producers.get(transactionalId)
    if (state && state.entry.producerId === producerId && state.entry.epoch === epoch) {
      if (state.transaction?.isDecided) this.complete(state)
      return state
    }
    throw new ProducerFenced('producer_fenced', `a newer producer of ${transactionalId} has fenced this one`)
  }

  private begin(state: ProducerState): Transaction {
    state.transaction ??= { startedMs: this.clock.now(), partitions: new Set(), offsets: [], isDecided: false }
    return state.transaction
  }

  private nextEpoch(last: ProducerEntry | undefined, transactionalId: string, timeoutMs: number): ProducerEntry {
    const isNewId = last === undefined || last.epoch >= epochMax
    return {
      kind: 'producer',
      transactionalId,
      producerId: isNewId ? this.nextProducerId++ : last.producerId,
      epoch: isNewId ? 0 : last.epoch + 1,
      timeoutMs,
      usedMs: this.clock.now(),
    }
  }

  private complete(state: ProducerState): void {
    const { entry, transaction } = state
    if (transaction === undefined) return
    for (const partition of transaction.partitions) {
      partition.appendMarker({ type: 'commit', producerId: entry.producerId, epoch: entry.epoch })
      transaction.partitions.delete(partition)
    }
    for (const offsets of transaction.offsets) this.positions.apply(offsets)
    this.journal.append({ kind: 'complete', transactionalId: entry.transactionalId })
    state.entry = { ...entry, usedMs: this.clock.now() }
    state.transaction = undefined
    this.ended.wakeAll()
    this.keepJournalSmall()
  }

  /** Ends the open transaction as aborted; the markers carry the epoch of `next`, which fences what is older on every partition. */
  private abortWith(state: ProducerState, next: ProducerEntry): void {
    const { producerId, epoch } = state.entry
    const markerEpoch = next.producerId === producerId ? next.epoch : epoch
    for (const partition of state.transaction?.partitions ?? []) {
      partition.appendMarker({ type: 'abort', producerId, epoch: markerEpoch })
    }
    state.entry = next
    state.transaction = undefined
    this.ended.wakeAll()
  }

  private timeOut(state: ProducerState): void {
    const { transactionalId, timeoutMs } = state.entry
    const entry = this.nextEpoch(state.entry, transactionalId, timeoutMs)
    this.journal.append(entry)
    this.abortWith(state, entry)
  }

  private isUndecided(group: string, of: readonly TopicPartition[]): boolean {
    const asked = new Set(of.map(topicPartitionName))
    const touches = (offsets: CommittedPositions) =>
      offsets.group === group && offsets.positions.some((position: Position) => asked.has(topicPartitionName(position)))
    return [...this.producers.values()].some(({ transaction }) => transaction?.offsets.some(touches))
  }

  // ---- the journal

  private replay(entry: CoordinatorEntry, decided: Set<number>): void {
    switch (entry.kind) {
      case 'producer':
        this.producers.set(entry.transactionalId, { entry, transaction: undefined })
        this.nextProducerId = Math.max(this.nextProducerId, entry.producerId + 1)
        return
      case 'producerIds':
        this.nextProducerId = entry.next
        return
      case 'commit':
        for (const offsets of entry.offsets) this.positions.apply(offsets)
        decided.add(this.producerIdOf(entry.transactionalId))
        return
      case 'complete':
        decided.delete(this.producerIdOf(entry.transactionalId))
        return
      case 'offsets':
        this.positions.apply(entry)
        return
      case 'forgetTopic':
        this.positions.forgetTopic(entry.topic)
        return
      default:
        never(entry)
    }
  }

  private producerIdOf(transactionalId: string): number {
    return this.producers.get(transactionalId)?.entry.producerId ?? -1
  }

  private keepJournalSmall(): void {
    if (this.journal.size > journalBytesMax) this.compactJournal()
  }

  /** Only while no decided transaction waits for its markers: the short form has no decisions. */
  private compactJournal(): void {
    const states = [...this.producers.values()]
    if (states.some(({ transaction }) => transaction?.isDecided)) return
    const offsets = this.positions.all().map((positions) => ({ kind: 'offsets' as const, ...positions }))
    this.journal.rewrite([
      { kind: 'producerIds', next: this.nextProducerId },
      ...states.map(({ entry }) => entry),
      ...offsets,
    ])
  }
}

function endOpenTransactions(partition: PartitionLog, decided: ReadonlySet<number>): void {
  for (const { producerId, epoch } of partition.openProducers) {
    partition.appendMarker({ type: decided.has(producerId) ? 'commit' : 'abort', producerId, epoch })
  }
}
