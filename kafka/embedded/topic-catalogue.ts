// The topics of the embedded cluster and their open partitions; the list itself is one small file, replaced atomically.
import type { Clock } from '../../core/clock.ts'
import { StreamsError } from '../../core/errors.ts'
import { type Random, randomUuid } from '../../core/random.ts'
import type { TopicPartition } from '../../core/topic-partition.ts'
import type { TopicDescription, TopicSpec } from '../cluster.ts'
import { PartitionLog } from './log/partition-log.ts'
import { requireOpen } from './require-open.ts'
import type { LogStorage } from './storage/log-storage.ts'

const listPath = 'topics.json'
const partitionsMax = 1_000
/** Kafka's rule for topic names. */
const legalName = /^(?!\.{1,2}$)[a-zA-Z0-9._-]{1,249}$/

interface Topic {
  readonly description: TopicDescription
  readonly partitions: readonly PartitionLog[]
}

export class TopicCatalogue {
  private readonly storage: LogStorage
  private readonly clock: Clock
  private readonly random: Random
  private readonly topics = new Map<string, Topic>()
  private isClosed = false

  constructor(storage: LogStorage, clock: Clock, random: Random) {
    this.storage = storage
    this.clock = clock
    this.random = random
    const list = storage.read(listPath)
    const known = list === undefined ? [] : (JSON.parse(list.toString()) as TopicDescription[]) // written by `writeList`
    for (const description of known) this.open(description)
    this.removeOrphans()
  }

  /** The partition's log. @throws StreamsError `unknown_topic_or_partition` */
  partition(place: TopicPartition): PartitionLog {
    requireOpen(this.isClosed)
    const log = this.topics.get(place.topic)?.partitions[place.partition]
    if (log !== undefined) return log
    throw new StreamsError('unknown_topic_or_partition', 'there is no such topic or partition', {
      topicPartition: place,
    })
  }

  *allPartitions(): Iterable<PartitionLog> {
    for (const { partitions } of this.topics.values()) yield* partitions
  }

  describe(name: string): TopicDescription | undefined {
    return this.topics.get(name)?.description
  }

  names(): string[] {
    return [...this.topics.keys()].sort()
  }

  /** Creates the topic unless it exists; describes it either way. */
  create(spec: TopicSpec): TopicDescription {
    requireOpen(this.isClosed)
    const existing = this.describe(spec.name)
    if (existing !== undefined) return existing
    requireLegal(spec)
    const description = { ...spec, id: randomUuid(this.random) }
    this.open(description)
    this.writeList()
    return description
  }

  /** Returns the partitions that are gone. */
  delete(name: string): readonly PartitionLog[] {
    const topic = this.topics.get(name)
    if (topic === undefined) return []
    this.topics.delete(name)
    this.writeList()
    this.storage.removeDirectory(directoryOf(topic.description))
    for (const partition of topic.partitions) {
      partition.isDeleted = true
      partition.readable.wakeAll()
    }
    return topic.partitions
  }

  close(): void {
    this.isClosed = true
  }

  private open(description: TopicDescription): void {
    const { storage, clock } = this
    const { name: topic, config } = description
    const partitions = Array.from({ length: description.partitions }, (_, partition) => {
      const directory = `${directoryOf(description)}/${partition}`
      return new PartitionLog({ storage, directory, place: { topic, partition }, config, clock })
    })
    this.topics.set(topic, { description, partitions })
  }

  private writeList(): void {
    const list = [...this.topics.values()].map(({ description }) => description)
    this.storage.replace(listPath, Buffer.from(JSON.stringify(list)))
  }

  /** A crash while a topic was created or deleted leaves a directory that no topic owns. */
  private removeOrphans(): void {
    const owned = new Set([...this.topics.values()].map(({ description }) => directoryOf(description)))
    for (const name of this.storage.list('topics')) {
      if (!owned.has(`topics/${name}`)) this.storage.removeDirectory(`topics/${name}`)
    }
  }
}

/** With the id, so that a topic made anew never meets the bytes of the old one. */
const directoryOf = ({ name, id }: TopicDescription) => `topics/${name}@${id}`

function requireLegal({ name, partitions }: TopicSpec): void {
  if (!legalName.test(name)) throw new StreamsError('invalid_topic', `"${name}" is no legal topic name`)
  if (!Number.isInteger(partitions) || partitions < 1 || partitions > partitionsMax) {
    throw new StreamsError(
      'invalid_partitions',
      `topic ${name} wants ${partitions} partitions; 1 to ${partitionsMax} are possible`,
    )
  }
}
