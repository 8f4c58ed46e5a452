// validate: a value parsed into a better one, or the original record to the dead letters with the reason.
import type { StreamRecord } from '../core/stream-record.ts'
import type { Outputs } from './operator.ts'
import { port } from './outputs.ts'
import { RecordOperator, type StepOfTask } from './record-operator.ts'
import type { ValueFunction } from './user-functions.ts'

/** What `parse` returns for a value it refuses. */
export class Rejected {
  /** From a closed set: it becomes a metric label. */
  readonly rejected: string
  readonly message: string

  constructor(reason: string, message: string) {
    this.rejected = reason
    this.message = message
  }
}

/** `reason` from a closed set (it becomes a metric label), `message` for people. */
export function reject(reason: string, message = reason): Rejected {
  return new Rejected(reason, message)
}

export class Validate<K, V, Out> extends RecordOperator<K, V> {
  private readonly parse: ValueFunction<K, V, Out | Rejected>
  /** Name of the dead-letter topic. */
  private readonly invalid: string

  constructor(step: StepOfTask, parse: ValueFunction<K, V, Out | Rejected>, invalid: string) {
    super(step)
    this.parse = parse
    this.invalid = invalid
  }

  protected override take(record: StreamRecord<K, V>, outputs: Outputs): void {
    const { key, value } = record
    const parsed = value === undefined ? undefined : this.parse(value, key, this.place.of(record))
    if (parsed instanceof Rejected) this.refuse(record, parsed)
    else port(outputs).push(record.withValue(parsed))
  }

  private refuse(record: StreamRecord, { rejected, message }: Rejected): void {
    this.context.deadLetter(record, { node: this.node, reason: rejected, message, topic: this.invalid })
  }
}
