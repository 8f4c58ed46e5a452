// The base of operators that take one record after the other and call a user's function for it: what happens when that function throws.
// The try stands around the loop, not in it; after a throw the loop goes on behind the record.
import { AssertionError } from '../core/assert.ts'
import { BadRecord, StreamsError } from '../core/errors.ts'
import type { StreamRecord } from '../core/stream-record.ts'
import { CurrentPlace } from './current-place.ts'
import type { Operator, Outputs, TaskContext } from './operator.ts'
import type { OnError } from './user-functions.ts'

/** Which step of the topology an operator is. */
export interface StepOfTask {
  readonly context: TaskContext
  readonly node: string
  readonly onError: OnError
}

export abstract class RecordOperator<K, V> implements Operator {
  protected readonly context: TaskContext
  protected readonly node: string
  protected readonly place: CurrentPlace
  private readonly onError: OnError

  constructor({ context, node, onError }: StepOfTask) {
    this.context = context
    this.node = node
    this.onError = onError
    this.place = new CurrentPlace(context)
  }

  process(batch: readonly StreamRecord<K, V>[], outputs: Outputs): void {
    let from = 0
    while (from < batch.length) from = this.processFrom(from, batch, outputs)
  }

  /** Calls the user's function before it changes or emits anything. */
  protected abstract take(record: StreamRecord<K, V>, outputs: Outputs): void

  /** Returns where to go on. */
  private processFrom(from: number, batch: readonly StreamRecord<K, V>[], outputs: Outputs): number {
    let record: StreamRecord<K, V> | undefined
    let next = from
    try {
      while (next < batch.length) {
        record = batch[next++]
        if (record !== undefined) this.take(record, outputs)
      }
    } catch (error) {
      if (record === undefined) throw error
      this.answer(record, error)
    }
    return next
  }

  /** Overridden where going on without the record would leave other records wrong. */
  protected answer(record: StreamRecord<K, V>, error: unknown): void {
    const { context, node, onError } = this
    const message = messageOf(error)
    if (error instanceof BadRecord) context.deadLetter(record, { node, reason: error.code, message })
    else if (error instanceof StreamsError || error instanceof AssertionError) throw error
    else if (onError === 'dead letter') context.deadLetter(record, { node, reason: 'user_function', message })
    else if (onError === 'skip') context.count(node, 'skipped')
    else throw this.failure(record, error)
  }

  protected failure(record: StreamRecord<K, V>, cause: unknown): StreamsError {
    const { topic, partition, offset } = this.context.place(record)
    const place = { cause, topicPartition: { topic, partition }, offset }
    return new StreamsError('user_function', `the function of ${this.node} threw: ${messageOf(cause)}`, place)
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
