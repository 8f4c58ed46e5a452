// Operating errors, classed by the reaction they need. A bug asserts instead (assert.ts).
import { type TopicPartition, topicPartitionName } from './topic-partition.ts'

export interface ErrorPlace {
  readonly cause?: unknown
  readonly topicPartition?: TopicPartition
  readonly offset?: number
}

/** Base of all operating errors: a stable `code` for programs, a message that says what to do for people. */
export class StreamsError extends Error {
  readonly code: string
  readonly topicPartition: TopicPartition | undefined
  readonly offset: number | undefined

  constructor(code: string, message: string, place: ErrorPlace = {}) {
    const where = place.topicPartition
      ? ` (${topicPartitionName(place.topicPartition)}${place.offset === undefined ? '' : ` @ ${place.offset}`})`
      : ''
    super(message + where, place.cause === undefined ? undefined : { cause: place.cause })
    this.name = new.target.name
    this.code = code
    this.topicPartition = place.topicPartition
    this.offset = place.offset
  }
}

/** This record cannot be processed: dead-letter it with `code` as the reason, and go on. */
export class BadRecord extends StreamsError {
  /** Without a stack: bad records come in crowds, the record is at fault and not the code, and a stack costs more than the record. */
  constructor(code: string, message: string, place: ErrorPlace = {}) {
    const limit = Error.stackTraceLimit
    Error.stackTraceLimit = 0
    super(code, message, place)
    Error.stackTraceLimit = limit
  }
}

/** The same call may work later: back off and try again, bounded. */
export class Retriable extends StreamsError {}

/** Somebody newer owns this task: drop it, and take over again if it is still ours. */
export class TaskFenced extends StreamsError {}

/** The task's state does not match its log: wipe it and restore. */
export class StateCorrupted extends StreamsError {}

/** The outcome of a call to the log is unknown or this producer is fenced: a new incarnation, never abort and go on. */
export class ProducerFenced extends StreamsError {}

/** The wanted offset is not in the log (any more, or yet). Never answered by a reset. */
export class OffsetOutOfRange extends StreamsError {}
