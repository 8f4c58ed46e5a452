// What every request file defines: which API in which version, how its request is written and its answer read.
import type { TopicPartition } from '../../../core/topic-partition.ts'
import type { WireReader } from './wire-reader.ts'
import type { WireWriter } from './wire-writer.ts'

export interface Message<Request, Answer> {
  readonly name: string
  readonly key: number
  readonly version: number
  write(request: Request, out: WireWriter): void
  read(answer: WireReader): Answer
}

/** One partition's result; 0 means that all is well. */
export interface PartitionResult extends TopicPartition {
  readonly errorCode: number
}

/** Writes flat places the way most requests want them: grouped by topic. */
export function writeByTopic<Place extends TopicPartition>(
  out: WireWriter,
  places: readonly Place[],
  writePartition: (place: Place) => void,
): void {
  out.array([...groupByTopic(places)], ([topic, ofTopic]) => {
    out.text(topic)
    out.array(ofTopic, writePartition)
    out.noTags()
  })
}

/** The reverse: one flat list over all topics. */
export function readByTopic<Result>(answer: WireReader, readPartition: (topic: string) => Result): Result[] {
  return answer
    .array(() => {
      const topic = answer.text()
      const results = answer.array(() => readPartition(topic))
      answer.skipTags()
      return results
    })
    .flat()
}

/** The commonest result: partition and error. */
export function readPartitionResult(answer: WireReader, topic: string): PartitionResult {
  const partition = answer.int32()
  const errorCode = answer.int16()
  answer.skipTags()
  return { topic, partition, errorCode }
}

function groupByTopic<Place extends TopicPartition>(places: readonly Place[]): Map<string, Place[]> {
  const topics = new Map<string, Place[]>()
  for (const place of places) {
    const ofTopic = topics.get(place.topic)
    if (ofTopic === undefined) topics.set(place.topic, [place])
    else ofTopic.push(place)
  }
  return topics
}
