// aggregate behind groupByKey().windowedBy(…): adds each record to the windows that contain its time.
import type { StreamRecord } from '../../core/stream-record.ts'
import type { OpenSpan, Operator, Outputs, Progress, TaskContext } from '../operator.ts'
import { admission, type LatePolicy } from './lateness.ts'
import { type Refusal, refuse } from './refusals.ts'
import type { WindowResults } from './window-results.ts'
import type { Windowing } from './windowing.ts'

export interface WindowSteps<A, V> {
  readonly windowing: Windowing
  readonly policy: LatePolicy
  readonly add: (total: A, value: V) => A
}

export class WindowAggregate<K, V, A> implements Operator {
  private readonly step: { readonly context: TaskContext; readonly node: string }
  private readonly results: WindowResults<K, A>
  private readonly steps: WindowSteps<A, V>

  constructor(
    step: { readonly context: TaskContext; readonly node: string },
    results: WindowResults<K, A>,
    steps: WindowSteps<A, V>,
  ) {
    this.step = step
    this.results = results
    this.steps = steps
  }

  prepare(batch: readonly StreamRecord<K, V>[]): Promise<void> | undefined {
    const { windowing } = this.steps
    const keys: K[] = []
    const starts: number[] = []
    for (const { key, timestamp: at } of batch)
      for (let start = windowing.startAt(at); windowing.endOf(start) > at; start = windowing.before(start)) {
        keys.push(key)
        starts.push(start)
      }
    return this.results.load(keys, starts)
  }

  process(batch: readonly StreamRecord<K, V>[]): void {
    for (const record of batch) {
      if (record.value === undefined) this.step.context.count(this.step.node, 'tombstone')
      else this.add(record)
    }
  }

  flush(outputs: Outputs): void {
    this.results.flush(outputs)
  }

  advance(watermark: number, outputs: Outputs): Promise<Progress> {
    return this.results.advance(watermark, outputs)
  }

  openSpan(): OpenSpan | null {
    return this.results.openSpan()
  }

  restore(open: OpenSpan | null | undefined): Promise<void> {
    return this.results.restore(open)
  }

  get openWindows(): number {
    return this.results.openWindows
  }

  /** A record is refused only when none of its windows takes it. */
  private add(record: StreamRecord<K, V>): void {
    const { windowing, policy } = this.steps
    const at = record.timestamp
    let refusal: Refusal | undefined
    let isTaken = false
    for (let start = windowing.startAt(at); windowing.endOf(start) > at; start = windowing.before(start)) {
      const refused = this.addTo(start, record)
      if (refused === undefined) isTaken = true
      else refusal ??= refused
    }
    if (!isTaken && refusal !== undefined) refuse(this.step, policy, record, refusal)
  }

  private addTo(start: number, record: StreamRecord<K, V>): Refusal | undefined {
    const { steps, results, step } = this
    const closesAt = results.closesAt(start)
    const watermark = step.context.watermark()
    const admitted = admission(steps.policy, { closesAt, clock: record.clock, watermark })
    if (admitted === 'late' || admitted === 'expired') return admitted
    if (admitted === 'take existing' && !results.exists(record.key, start)) return 'after_idle'
    results.update(record.key, start, steps.add, record.value, record)
    return undefined
  }
}
