// The shapes of functions that users pass to steps.
import type { RecordContext } from '../core/stream-record.ts'

/** `place` is valid during the call. */
export type ValueFunction<K, V, Out> = (value: V, key: K, place: RecordContext) => Out

/** What a step does with a record whose user function throws. A BadRecord is a dead letter under every policy. */
export type OnError = 'fail' | 'skip' | 'dead letter'
