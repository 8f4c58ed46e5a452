// The place of the record that is being processed, for user functions that ask: one object an operator, looked up only when read.
import type { RecordContext, StreamRecord } from '../core/stream-record.ts'
import type { TaskContext } from './operator.ts'

/** Valid during the call it is given to. */
export class CurrentPlace implements RecordContext {
  private readonly context: TaskContext
  private record: StreamRecord | undefined
  private known: RecordContext | undefined

  constructor(context: TaskContext) {
    this.context = context
  }

  of(record: StreamRecord): RecordContext {
    this.record = record
    this.known = undefined
    return this
  }

  get topic(): string {
    return this.found().topic
  }

  get partition(): number {
    return this.found().partition
  }

  get offset(): number {
    return this.found().offset
  }

  get timestamp(): number {
    return this.record?.timestamp ?? 0
  }

  get ingestedAt(): number {
    return this.record?.ingestedAt ?? 0
  }

  private found(): RecordContext {
    if (this.record === undefined) return { topic: '', partition: -1, offset: -1, timestamp: 0, ingestedAt: 0 }
    this.known ??= this.context.place(this.record)
    return this.known
  }
}
