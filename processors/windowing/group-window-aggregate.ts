// aggregate behind a windowed groupBy: takes back what rows no longer add, adds what they add now, each in the window of its time.
// Takes every entry, however late: expiry is decided at the table, for a whole version, since a lost +1 with a later −1 would falsify a count.
import type { StreamRecord } from '../../core/stream-record.ts'
import type { GroupChange } from '../group-change.ts'
import { InputResult } from '../input-result.ts'
import type { OpenSpan, Operator, Outputs, Progress } from '../operator.ts'
import { port } from '../outputs.ts'
import type { WindowResults } from './window-results.ts'
import type { Windowing } from './windowing.ts'

type Change<E, SK, I> = GroupChange<E, SK, I>

interface WantedWindows<K> {
  readonly keys: K[]
  readonly starts: number[]
}

export interface GroupSteps<A, E> {
  readonly add: (total: A, value: E) => A
  readonly subtract: (total: A, value: E) => A
}

export class GroupWindowAggregate<K, E, SK, I, A> implements Operator {
  private readonly results: WindowResults<K, A>
  private readonly windowing: Windowing
  private readonly steps: GroupSteps<A, E>
  /** Whether somebody listens to inputs with their results. */
  private readonly sendsInputs: boolean

  constructor(results: WindowResults<K, A>, windowing: Windowing, steps: GroupSteps<A, E>, sendsInputs: boolean) {
    this.results = results
    this.windowing = windowing
    this.steps = steps
    this.sendsInputs = sendsInputs
  }

  prepare(batch: readonly StreamRecord<K, Change<E, SK, I>>[]): Promise<void> | undefined {
    const wanted: WantedWindows<K> = { keys: [], starts: [] }
    for (const { key, value } of batch) {
      for (const { at } of value.removed) this.want(key, at, wanted)
      for (const { at } of value.added) this.want(key, at, wanted)
      if (value.input?.at !== undefined) this.want(key, value.input.at, wanted)
    }
    return this.results.load(wanted.keys, wanted.starts)
  }

  process(batch: readonly StreamRecord<K, Change<E, SK, I>>[], outputs: Outputs): void {
    for (const record of batch) {
      for (const { at, value } of record.value.removed) this.update(record, at, this.steps.subtract, value)
      for (const { at, value } of record.value.added) this.update(record, at, this.steps.add, value)
      if (this.sendsInputs) this.sendInput(record, port(outputs, 1))
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

  private want(key: K, at: number, { keys, starts }: WantedWindows<K>): void {
    const { windowing } = this
    for (let start = windowing.startAt(at); windowing.endOf(start) > at; start = windowing.before(start)) {
      keys.push(key)
      starts.push(start)
    }
  }

  private update(record: StreamRecord<K>, at: number, step: (total: A, value: E) => A, value: E): void {
    const { windowing, results } = this
    for (let start = windowing.startAt(at); windowing.endOf(start) > at; start = windowing.before(start))
      results.update(record.key, start, step, value, record)
  }

  private sendInput(record: StreamRecord<K, Change<E, SK, I>>, out: StreamRecord[]): void {
    const { input, sourceKey } = record.value
    if (input === undefined) return
    const result =
      input.at === undefined ? undefined : this.results.valueOf(record.key, this.windowing.startAt(input.at))
    out.push(record.with(sourceKey, new InputResult(input.value, result)))
  }
}
