// Where a task's input goes on: where its last marker says, or where the log begins; never anywhere else.
import { assert } from '../core/assert.ts'
import { StreamsError } from '../core/errors.ts'
import type { Marker } from './marker.ts'

/** Where an input starts when the marker says nothing of it. */
export interface InputStart {
  readonly topicId: string
  readonly earliest: number
}

/** @throws StreamsError `topic_recreated` when the marker speaks of another topic of this name. */
export function startOf(
  topic: string,
  marker: Marker,
  starts: ReadonlyMap<string, InputStart>,
): { topicId: string; offset: number } {
  const start = starts.get(topic)
  assert(start !== undefined, `nobody looked up where ${topic} begins`)
  const stored = marker.inputs[topic]
  if (stored === undefined) return { topicId: start.topicId, offset: start.earliest }
  if (stored.topicId !== start.topicId) throw topicRecreated(topic)
  return { topicId: stored.topicId, offset: stored.offset }
}

export function topicRecreated(topic: string): StreamsError {
  return new StreamsError(
    'topic_recreated',
    `topic ${topic} was made anew since the application read it: reset the application, or bring the old topic back`,
  )
}
