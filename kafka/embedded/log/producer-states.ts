// What a partition knows of its producers: sequences (a repeated batch is taken once), epochs (an old one is refused),
// open transactions (they hold the last stable offset back) and aborted ones (readers are told of them).
import { ProducerFenced } from '../../../core/errors.ts'
import type { AbortedTransaction } from '../../cluster.ts'
import type { BatchHeader } from '../../record-batch/batch-header.ts'

interface SentBatch {
  readonly firstSequence: number
  readonly lastSequence: number
  readonly baseOffset: number
}

interface ProducerState {
  readonly producerId: number
  epoch: number
  /** The latest batches, oldest first. */
  batches: SentBatch[]
  /** First offset of the open transaction; −1 when there is none. */
  openFrom: number
  lastUsedMs: number
}

export interface AbortedSpan extends AbortedTransaction {
  /** The offset of the abort marker. */
  readonly lastOffset: number
}

export interface StoredProducerStates {
  readonly producers: readonly ProducerState[]
  readonly aborted: readonly AbortedSpan[]
}

/** Kafka's: as many batches may be in flight, so as many are recognised when they come again. */
const rememberedBatches = 5
/** Kafka's `producer.id.expiration.ms`. */
const expirationMs = 86_400_000

export class ProducerStates {
  private readonly producers: Map<number, ProducerState>
  private aborted: AbortedSpan[]

  constructor(stored: StoredProducerStates = { producers: [], aborted: [] }) {
    this.producers = new Map(stored.producers.map((producer) => [producer.producerId, { ...producer }]))
    this.aborted = [...stored.aborted]
  }

  /** The base offset of an equal batch taken earlier, or undefined when this one is new and right. @throws ProducerFenced */
  duplicateOf(batch: BatchHeader): number | undefined {
    const known = this.producers.get(batch.producerId)
    if (known === undefined || batch.producerId < 0) return undefined
    if (batch.epoch < known.epoch) throw fenced(batch, known)
    const isNewEpoch = batch.epoch > known.epoch
    const lastSequence = batch.baseSequence + batch.recordCount - 1
    const same = known.batches.find(
      (sent) => sent.firstSequence === batch.baseSequence && sent.lastSequence === lastSequence,
    )
    if (same && !isNewEpoch) return same.baseOffset
    const expected = isNewEpoch ? 0 : nextSequence(known)
    if (expected !== undefined && batch.baseSequence !== expected) throw outOfOrder(batch, expected)
    return undefined
  }

  appended(batch: BatchHeader, baseOffset: number, now: number): void {
    if (batch.producerId < 0) return
    const state = this.stateOf(batch.producerId, batch.epoch)
    const lastSequence = batch.baseSequence + batch.recordCount - 1
    state.batches.push({ firstSequence: batch.baseSequence, lastSequence, baseOffset })
    if (state.batches.length > rememberedBatches) state.batches.shift()
    if (batch.isTransactional && state.openFrom < 0) state.openFrom = baseOffset
    state.lastUsedMs = now
  }

  /** A marker ends the producer's transaction, and fences the epochs before its own. */
  ended(producerId: number, epoch: number, type: 'commit' | 'abort', offset: number, now: number): void {
    const state = this.stateOf(producerId, epoch)
    if (type === 'abort' && state.openFrom >= 0) {
      this.aborted.push({ producerId, firstOffset: state.openFrom, lastOffset: offset })
    }
    state.openFrom = -1
    state.lastUsedMs = now
  }

  /** Producers with an open transaction here. */
  open(): { readonly producerId: number; readonly epoch: number }[] {
    return [...this.producers.values()].filter(({ openFrom }) => openFrom >= 0)
  }

  /** The first offset of the oldest open transaction, or `end`. */
  stableOffset(end: number): number {
    let stable = end
    for (const { openFrom } of this.producers.values()) if (openFrom >= 0 && openFrom < stable) stable = openFrom
    return stable
  }

  /** The aborted transactions that a reader of [from, to) must know of. */
  abortedBetween(from: number, to: number): AbortedTransaction[] {
    const found: AbortedTransaction[] = []
    for (const { producerId, firstOffset, lastOffset } of this.aborted) {
      if (lastOffset >= from && firstOffset < to) found.push({ producerId, firstOffset })
    }
    return found
  }

  get abortedSpans(): readonly AbortedSpan[] {
    return this.aborted
  }

  /** Forgets aborted transactions that ended below `offset`: nothing of them is left to read. */
  forgetAbortedBelow(offset: number): void {
    if (this.aborted.length > 0) this.aborted = this.aborted.filter(({ lastOffset }) => lastOffset >= offset)
  }

  stored(now: number): StoredProducerStates {
    for (const [producerId, { openFrom, lastUsedMs }] of this.producers) {
      if (openFrom < 0 && lastUsedMs < now - expirationMs) this.producers.delete(producerId)
    }
    return { producers: [...this.producers.values()], aborted: this.aborted }
  }

  private stateOf(producerId: number, epoch: number): ProducerState {
    let state = this.producers.get(producerId)
    if (state === undefined) {
      state = { producerId, epoch, batches: [], openFrom: -1, lastUsedMs: 0 }
      this.producers.set(producerId, state)
    } else if (epoch > state.epoch) {
      state.epoch = epoch
      state.batches = []
    }
    return state
  }
}

/** Undefined when no batch of this epoch has come yet: any beginning is right then. */
function nextSequence({ batches }: ProducerState): number | undefined {
  const last = batches.at(-1)
  return last && (last.lastSequence + 1) % 2 ** 31
}

const fenced = (batch: BatchHeader, known: ProducerState) =>
  new ProducerFenced(
    'invalid_producer_epoch',
    `producer ${batch.producerId} has epoch ${batch.epoch}, but ${known.epoch} is here`,
  )

const outOfOrder = (batch: BatchHeader, expected: number) =>
  new ProducerFenced(
    'out_of_order_sequence',
    `producer ${batch.producerId} sent sequence ${batch.baseSequence} where ${expected} was due`,
  )
