// Topic definitions: what is durable in the log has a name, schemas, a number of partitions and a configuration, declared once.
import type { TopicConfig } from '../kafka/cluster.ts'
import { type Schema, schemaOf, t } from '../serdes/schema.ts'
import type { Serde } from '../serdes/serde.ts'
import type { SubjectStrategy } from '../serdes/subject.ts'

interface TopicShape<Kind extends string> {
  readonly kind: Kind
  readonly name: string
  readonly partitions: number
  /** What differs from the default of the topic's role (source, output, repartition …; runtime/internal-topics.ts). */
  readonly config: Partial<TopicConfig>
}

/** A serde whose type is known to its topic's definition alone. */
export type OwnSerde = Serde<never> | Serde<unknown>

/** Written contravariantly in V: a narrower value may be written. */
export interface WritableTopic<in out K, in V> extends TopicShape<'topic' | 'dead-letter topic'> {
  readonly key: Schema<K>
  readonly value: Schema<unknown>
  /** Event time of a value, ms UTC; without it the record's own timestamp. */
  readonly timestamp: ((value: never) => number) | undefined
  /** How values are written: Confluent-framed Avro with its schema in the registry, or plain JSON. */
  readonly format: 'avro' | 'json' | 'own'
  /** Of the format `avro`; undefined: as the application says. */
  readonly subjects: SubjectStrategy | undefined
  /** Of the format `own`; the constructor has checked its type. */
  readonly serde: OwnSerde | undefined
  /** Carries V in the type; never called. */
  readonly accepts: (value: V) => void
}

export interface Topic<in out K, in out V> extends WritableTopic<K, V> {
  readonly kind: 'topic'
  readonly value: Schema<V>
  readonly timestamp: ((value: V) => number) | undefined
}

const DEFAULT_PARTITIONS = 4
const accepts = (): void => {}

interface TopicSpec<K, V> extends TopicTraits<K, V> {
  readonly value: Schema<V>
  /** Default avro. */
  readonly format?: 'avro' | 'json'
  /** Under which subject the registry keeps the schema; default: as the application says. */
  readonly subjects?: SubjectStrategy
}

interface OwnFormatSpec<K, V> extends TopicTraits<K, V> {
  /** Reads and writes bytes that neither Avro nor plain JSON describes, e.g. only the part of a document that is needed. */
  readonly serde: Serde<V>
}

interface TopicTraits<K, V> {
  readonly key: Schema<K>
  readonly timestamp?: (value: NoInfer<V>) => number
  /** Default 4. */
  readonly partitions?: number
  readonly config?: Partial<TopicConfig>
}

/** A topic that is read or written: `topic('sf311.raw', { key: caseId, value: RawCase })`. */
export function topic<K, V>(name: string, spec: TopicSpec<K, V> | OwnFormatSpec<K, V>): Topic<K, V> {
  const { key, timestamp, partitions = DEFAULT_PARTITIONS, config = {} } = spec
  const traits = { kind: 'topic', name, key, timestamp, partitions, config, accepts } as const
  if ('serde' in spec) {
    const value = schemaOf<V>(t.bytes.description)
    return { ...traits, value, format: 'own', subjects: undefined, serde: spec.serde }
  }
  const { value, format = 'avro', subjects } = spec
  return { ...traits, value, format, subjects, serde: undefined }
}

declare const rejected: unique symbol

/** A record of a topic of `V` that went no further: its bytes, why, and where it stood. */
export interface DeadLetter<out V> {
  readonly [rejected]?: Schema<V>
  readonly reason: string
  readonly message: string
  readonly node: string
  readonly topic: string
  readonly partition: number
  readonly offset: number
  /** Of the original record, ms UTC. */
  readonly timestamp: number
  readonly key: Buffer | undefined
  readonly value: Buffer | undefined
  /** The original record's own headers. */
  readonly headers: readonly { readonly name: string; readonly value: Buffer | undefined }[]
  readonly schemaId: number | undefined
  /** How often processing has been tried. */
  readonly attempt: number
  readonly topologyHash: string
}

/** Where records of one topic go that are refused. Their bytes stay as they were, so reading gives whole dead letters under the original key bytes. */
export interface DeadLetterTopic<in out K, in V> extends WritableTopic<K, DeadLetter<V>> {
  readonly kind: 'dead-letter topic'
}

/** `deadLetterTopic('sf311.dead-letters', raw)`: for the refused records of `raw`. */
export function deadLetterTopic<K, V>(
  name: string,
  of: Topic<K, V>,
  { partitions = of.partitions }: { readonly partitions?: number } = {},
): DeadLetterTopic<K, V> {
  const { key } = of
  const value = t.bytes
  return {
    kind: 'dead-letter topic',
    name,
    key,
    value,
    timestamp: undefined,
    format: 'avro',
    subjects: undefined,
    serde: undefined,
    partitions,
    config: {},
    accepts,
  }
}

/** The topic behind a groupBy: entries of `E` by `K`, each with the record they came from. */
export interface GroupTopic<in out K, in out E, in out SK, in V> extends TopicShape<'group topic'> {
  readonly key: Schema<K>
  readonly entry: Schema<E>
  readonly sourceKey: Schema<SK>
  /** Takes every V. */
  readonly sourceValue: Schema<unknown>
  /** Carry the types; never called. */
  readonly exact?: (entry: E) => void
  readonly accepts: (value: V) => void
}

interface GroupTopicSpec<K, E, SK, V> {
  readonly key: Schema<K>
  readonly entry: Schema<E>
  /** The table that is grouped. */
  readonly source: { readonly key: Schema<SK>; readonly value: Schema<V> }
  /** Default 4. */
  readonly partitions?: number
}

/** `groupTopic('counts-by-neighborhood', { key: neighborhood, entry: Volume, source: { key: caseId, value: LocatedCase } })` */
export function groupTopic<K, E, SK, V>(
  name: string,
  { key, entry, source, partitions = DEFAULT_PARTITIONS }: GroupTopicSpec<K, E, SK, V>,
): GroupTopic<K, E, SK, V> {
  const { key: sourceKey, value: sourceValue } = source
  return { kind: 'group topic', name, key, entry, sourceKey, sourceValue, partitions, config: {}, accepts }
}
