// Topic definitions: what is durable in the log has a name, schemas, a number of partitions and a configuration, declared once.
import type { TopicConfig } from '../kafka/cluster.ts'
import type { Schema } from '../serdes/schema.ts'

interface TopicShape<Kind extends string> {
  readonly kind: Kind
  readonly name: string
  readonly partitions: number
  /** What differs from the default of the topic's role (source, output, repartition …; runtime/internal-topics.ts). */
  readonly config: Partial<TopicConfig>
}

/** Written contravariantly in V: a narrower value may be written. */
export interface WritableTopic<in out K, in V> extends TopicShape<'topic' | 'dead-letter topic'> {
  readonly key: Schema<K>
  readonly accepts: (value: V) => void
}

export interface Topic<in out K, in out V> extends WritableTopic<K, V> {
  readonly value: Schema<V>
  /** Event time of a value, ms UTC; without it the record's own timestamp. */
  readonly timestamp: ((value: V) => number) | undefined
  /** How values are written: Confluent-framed Avro under subject `<topic>-value`, or plain JSON. */
  readonly format: 'avro' | 'json'
}
