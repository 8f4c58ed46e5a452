// Under which subject of a registry the schema of a topic's values stands: the three strategies that Confluent's clients know.
import { StreamsError } from '../core/errors.ts'
import type { Schema } from './schema.ts'

/**
 * `TopicName`: `<topic>-value`, one line of versions a topic. `RecordName`: `<record>`, the same in every topic. `TopicRecordName`: `<topic>-<record>`,
 * several records in one topic.
 */
export type SubjectStrategy = 'TopicName' | 'RecordName' | 'TopicRecordName'

/** @throws StreamsError `no_subject` where the strategy asks for a record's name and the values are no records. */
export function subjectOf(strategy: SubjectStrategy, topic: string, { description }: Schema<unknown>): string {
  if (strategy === 'TopicName') return `${topic}-value`
  if (description.kind !== 'record')
    throw new StreamsError(
      'no_subject',
      `topic ${topic} has values of type ${description.kind}, which have no name to make a ${strategy} subject of: ` +
        'use TopicName, or a record',
    )
  return strategy === 'RecordName' ? description.name : `${topic}-${description.name}`
}
