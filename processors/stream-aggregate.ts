// count, reduce and aggregate of a stream by key, over all time.
import type { StreamRecord } from '../core/stream-record.ts'
import type { KeyResults } from './key-results.ts'
import type { Operator, Outputs, TaskContext } from './operator.ts'

export class StreamAggregate<K, V, A> implements Operator {
  private readonly step: { readonly context: TaskContext; readonly node: string }
  private readonly results: KeyResults<K, A>
  private readonly add: (total: A | undefined, value: V) => A

  constructor(
    step: { readonly context: TaskContext; readonly node: string },
    results: KeyResults<K, A>,
    add: (total: A | undefined, value: V) => A,
  ) {
    this.step = step
    this.results = results
    this.add = add
  }

  prepare(batch: readonly StreamRecord<K, V>[]): Promise<void> | undefined {
    return this.results.load(batch.map(({ key }) => key))
  }

  process(batch: readonly StreamRecord<K, V>[]): void {
    for (const record of batch) {
      if (record.value === undefined) this.step.context.count(this.step.node, 'tombstone')
      else this.results.update(record.key, this.add, record.value, record)
    }
  }

  flush(outputs: Outputs): void {
    this.results.flush(outputs)
  }
}
