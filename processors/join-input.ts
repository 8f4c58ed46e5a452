// joinInput: each input of an aggregate, under its own key, with new fields made from the result just after it was counted.
import type { StreamRecord } from '../core/stream-record.ts'
import type { InputResult } from './input-result.ts'
import type { Operator, Outputs } from './operator.ts'
import { port } from './outputs.ts'

/** An input that is decoded only when somebody asks. */
export interface Lazy<V> {
  decode(): V
}

export class JoinInput<K, V, A, R, Out, I extends Lazy<V>> implements Operator {
  private readonly fields: (result: A | undefined, input: () => V, key: K) => R
  private readonly extend: (input: I, fields: R) => Out
  private current: I | undefined
  private readonly decodeCurrent: () => V

  constructor(fields: (result: A | undefined, input: () => V, key: K) => R, extend: (input: I, fields: R) => Out) {
    this.fields = fields
    this.extend = extend
    this.decodeCurrent = () => this.decode()
  }

  process(batch: readonly StreamRecord<K, InputResult<I, A>>[], outputs: Outputs): void {
    const out = port(outputs)
    for (const record of batch) {
      const { input, result } = record.value
      this.current = input
      out.push(record.withValue(this.extend(input, this.fields(result, this.decodeCurrent, record.key))))
    }
    this.current = undefined
  }

  private decode(): V {
    if (this.current === undefined) throw new RangeError('the input can be read during the call only')
    return this.current.decode()
  }
}
