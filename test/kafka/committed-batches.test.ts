import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { AbortedTransaction, FetchedPartition } from '../../kafka/cluster.ts'
import { visitCommitted } from '../../kafka/committed-batches.ts'
import { batchField, lengthPrefixBytes } from '../../kafka/record-batch/batch-layout.ts'
import { stampBaseOffset } from '../../kafka/record-batch/batch-stamp.ts'
import { markerBytes, writeMarker } from '../../kafka/record-batch/control-batch.ts'
import { RecordColumns } from '../../kafka/record-batch/record-columns.ts'
import { batchOf, rowsOf } from '../conformance/cluster/trial.ts'

/** What happens next in the log: a producer sends a batch, or ends its transaction. */
interface Step {
  readonly producerId: number
  readonly action: 'send' | 'commit' | 'abort'
  readonly records: number
}

/** A log made of steps, with what a reader of committed records must see, worked out by looking ahead. */
class ModelLog {
  readonly batches: Buffer[] = []
  readonly aborted: (AbortedTransaction & { readonly lastOffset: number })[] = []
  readonly starts: number[] = []
  end = 0
  private committed: number[] = []
  private readonly open = new Map<number, { firstOffset: number; offsets: number[] }>()

  constructor(steps: readonly Step[]) {
    for (const step of steps) {
      if (step.action === 'send') this.send(step)
      else this.finish(step.producerId, step.action)
    }
    for (const producerId of this.open.keys()) this.finish(producerId, 'commit')
  }

  visibleFrom(position: number): number[] {
    return this.committed.filter((offset) => offset >= position).sort((a, b) => a - b)
  }

  private send({ producerId, records }: Step): void {
    const transaction = this.open.get(producerId) ?? { firstOffset: this.end, offsets: [] }
    this.open.set(producerId, transaction)
    for (let i = 0; i < records; i++) transaction.offsets.push(this.end + i)
    const batch = batchOf(Array.from({ length: records }, () => 'value'))
    this.add(Buffer.from(batch.finish({ producerId, epoch: 0, sequence: 0, isTransactional: true })), records)
  }

  private finish(producerId: number, type: 'commit' | 'abort'): void {
    const transaction = this.open.get(producerId)
    if (transaction === undefined) return
    this.open.delete(producerId)
    if (type === 'commit') this.committed.push(...transaction.offsets)
    else this.aborted.push({ producerId, firstOffset: transaction.firstOffset, lastOffset: this.end })
    this.add(Buffer.from(writeMarker(Buffer.alloc(markerBytes), { type, producerId, epoch: 0, timestamp: 1 })), 1)
  }

  private add(batch: Buffer, records: number): void {
    stampBaseOffset(batch, this.end)
    this.batches.push(batch)
    this.starts.push(this.end)
    this.end += records
  }
}

const step: fc.Arbitrary<Step> = fc.record({
  producerId: fc.integer({ min: 1, max: 4 }),
  action: fc.constantFrom('send', 'send', 'commit', 'abort'),
  records: fc.integer({ min: 1, max: 4 }),
})

const fetched = (batches: Buffer, aborted: readonly AbortedTransaction[]): FetchedPartition => ({
  topic: 't',
  partition: 0,
  batches,
  aborted,
  logStartOffset: 0,
  lastStableOffset: 0,
  highWatermark: 0,
})

function visit(answer: FetchedPartition, position: number): { next: number; offsets: number[] } {
  const offsets: number[] = []
  const next = visitCommitted(answer, position, new RecordColumns(), (batch) =>
    offsets.push(...rowsOf(batch).map(({ offset }) => offset)),
  )
  return { next, offsets }
}

describe('the read-committed filter', () => {
  test('shows exactly what was committed, wherever one begins to read and in whatever order the aborted come', () => {
    const property = fc.property(
      fc.array(step, { minLength: 1, maxLength: 40 }),
      fc.nat(),
      fc.boolean(),
      (steps, from, isReversed) => {
        const log = new ModelLog(steps)
        const position = log.end === 0 ? 0 : from % log.end
        const first = Math.max(
          0,
          log.starts.findLastIndex((start) => start <= position),
        )
        // As a broker answers: those that reach to the position or beyond.
        const reaching = log.aborted.filter(({ lastOffset }) => lastOffset >= position)
        const aborted = isReversed ? reaching.toReversed() : reaching
        const answer = fetched(Buffer.concat(log.batches.slice(first)), aborted)
        expect(visit(answer, position)).toEqual({ next: log.end, offsets: log.visibleFrom(position) })
      },
    )
    fc.assert(property, { numRuns: 2000 })
  })

  test('goes on behind a marker whose record compaction has removed', () => {
    const log = new ModelLog([1, 2].map((producerId) => ({ producerId, action: 'send', records: 2 })))
    const marker = Buffer.from(
      writeMarker(Buffer.alloc(markerBytes), { type: 'abort', producerId: 3, epoch: 0, timestamp: 1 }),
    )
    const empty = marker.subarray(0, batchField.records)
    empty.writeInt32BE(empty.length - lengthPrefixBytes, batchField.batchLength)
    empty.writeInt32BE(0, batchField.recordCount)
    stampBaseOffset(empty, log.end)
    const answer = fetched(Buffer.concat([...log.batches, empty]), [])
    expect(visit(answer, 0)).toEqual({ next: log.end + 1, offsets: [0, 1, 2, 3] })
  })

  test('stops before a batch that is cut off', () => {
    const log = new ModelLog([1, 2].map((producerId) => ({ producerId, action: 'send', records: 2 })))
    const whole = Buffer.concat(log.batches.slice(0, 2))
    expect(visit(fetched(whole.subarray(0, whole.length - 1), []), 0)).toEqual({ next: 2, offsets: [0, 1] })
    expect(visit(fetched(Buffer.alloc(0), []), 5)).toEqual({ next: 5, offsets: [] })
  })
})
