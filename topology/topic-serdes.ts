// How a topic's bytes are read and written: keys as Kafka's serializers write them, values framed Avro, JSON, or what only the application reads.
import { binarySerde } from '../serdes/binary-serde.ts'
import { type ConfluentSerde, confluentSerde } from '../serdes/confluent-serde.ts'
import { jsonSerde } from '../serdes/json-serde.ts'
import { keySerde } from '../serdes/key-serde.ts'
import type { SchemaRegistry } from '../serdes/schema-registry.ts'
import type { Serde } from '../serdes/serde.ts'
import { type SubjectStrategy, subjectOf } from '../serdes/subject.ts'
import { EncodedExtension } from './encoded-extension.ts'
import type { TopicSerdes } from './graph.ts'
import { GroupChangeSerde } from './group-change-serde.ts'
import type { AnyTopic, TopicUse } from './steps.ts'

/** `subjects` is for topics that name no strategy of their own. */
export function topicSerdes(
  topic: AnyTopic,
  use: TopicUse,
  subjects: SubjectStrategy,
): (registry: SchemaRegistry) => Promise<TopicSerdes> {
  return async (registry) => ({ key: keySerde(topic.key), value: await valueSerde(topic, use, subjects, registry) })
}

async function valueSerde(
  topic: AnyTopic,
  use: TopicUse,
  subjects: SubjectStrategy,
  registry: SchemaRegistry,
): Promise<Serde<unknown>> {
  if (topic.kind === 'group topic') return new GroupChangeSerde(topic)
  if (topic.kind === 'dead-letter topic') return rawSerde
  if (topic.serde !== undefined) return topic.serde
  if (use === 'internal') return binarySerde(topic.value)
  if (topic.format === 'json') return jsonSerde(topic.value)
  const subject = subjectOf(topic.subjects ?? subjects, topic.name, topic.value)
  return takingBytes(await confluentSerde({ schema: topic.value, subject, registry }))
}

/** Also writes extended records whose base was never decoded. */
function takingBytes(serde: ConfluentSerde<unknown>): Serde<unknown> {
  return {
    write(value, to) {
      if (!(value instanceof EncodedExtension)) return serde.write(value, to)
      const start = to.position
      serde.writeFrame(to)
      try {
        value.writeTo(to)
      } catch (error) {
        to.position = start
        throw error
      }
    },
    read: (buffer, start, end) => serde.read(buffer, start, end),
    resolve: (schemaId) => serde.resolve(schemaId),
  }
}

/** Dead letters hold the bytes of other topics. */
const rawSerde: Serde<Buffer> = {
  write: (value, to) => to.bytes(value),
  read: (buffer, start, end) => buffer.subarray(start, end),
}
