// joinInput: each input of an aggregate, under its own key, with new fields made from the result just after it was counted.
// A topic that takes the record as it is gets the input's bytes with the new fields behind them (port 1); other steps get the record (port 0).
import type { StreamRecord } from '../core/stream-record.ts'
import type { InputResult } from './input-result.ts'
import type { Operator, Outputs } from './operator.ts'
import { port } from './outputs.ts'

/** An input that is decoded only when somebody asks. */
export interface Lazy<V> {
  decode(): V
}

/** Output port of records that are still bytes. */
export const ENCODED_PORT = 1

export interface JoinInputSteps<K, V, A, R, I extends Lazy<V>> {
  readonly fields: (result: A | undefined, input: () => V, key: K) => R
  /** Undefined: nobody reads port 0. */
  readonly extend: ((input: V, fields: R) => unknown) | undefined
  /** Undefined: nobody reads port 1. */
  readonly extendEncoded: ((input: I, fields: R) => unknown) | undefined
}

export class JoinInput<K, V, A, R, I extends Lazy<V>> implements Operator {
  private readonly steps: JoinInputSteps<K, V, A, R, I>
  private current: I | undefined
  private readonly decodeCurrent: () => V

  constructor(steps: JoinInputSteps<K, V, A, R, I>) {
    this.steps = steps
    this.decodeCurrent = () => this.decode()
  }

  process(batch: readonly StreamRecord<K, InputResult<I, A>>[], outputs: Outputs): void {
    const { fields, extend, extendEncoded } = this.steps
    for (const record of batch) {
      const { input, result } = record.value
      this.current = input
      const added = fields(result, this.decodeCurrent, record.key)
      if (extend !== undefined) port(outputs).push(record.withValue(extend(this.decode(), added)))
      if (extendEncoded !== undefined) port(outputs, ENCODED_PORT).push(record.withValue(extendEncoded(input, added)))
    }
    this.current = undefined
  }

  private decode(): V {
    if (this.current === undefined) throw new RangeError('the input can be read during the call only')
    return this.current.decode()
  }
}
