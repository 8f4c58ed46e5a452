// aggregate behind a groupBy, over all time: takes back what rows no longer add, adds what they add now.
import type { StreamRecord } from '../core/stream-record.ts'
import type { GroupChange } from './group-change.ts'
import { InputResult } from './input-result.ts'
import type { KeyResults } from './key-results.ts'
import type { Operator, Outputs } from './operator.ts'
import { port } from './outputs.ts'

export interface GroupKeySteps<A, E> {
  readonly add: (total: A | undefined, value: E) => A
  readonly subtract: (total: A | undefined, value: E) => A
}

export class GroupAggregate<K, E, SK, I, A> implements Operator {
  private readonly results: KeyResults<K, A>
  private readonly steps: GroupKeySteps<A, E>
  /** Whether somebody listens to inputs with their results. */
  private readonly sendsInputs: boolean

  constructor(results: KeyResults<K, A>, steps: GroupKeySteps<A, E>, sendsInputs: boolean) {
    this.results = results
    this.steps = steps
    this.sendsInputs = sendsInputs
  }

  prepare(batch: readonly StreamRecord<K>[]): Promise<void> | undefined {
    return this.results.load(batch.map(({ key }) => key))
  }

  process(batch: readonly StreamRecord<K, GroupChange<E, SK, I>>[], outputs: Outputs): void {
    const { results, steps } = this
    for (const record of batch) {
      const { removed, added, sourceKey, input } = record.value
      for (const { value } of removed) results.update(record.key, steps.subtract, value, record)
      for (const { value } of added) results.update(record.key, steps.add, value, record)
      if (!this.sendsInputs || input === undefined) continue
      const result = input.at === undefined ? undefined : results.valueOf(record.key)
      port(outputs, 1).push(record.with(sourceKey, new InputResult(input.value, result)))
    }
  }

  flush(outputs: Outputs): void {
    this.results.flush(outputs)
  }
}
