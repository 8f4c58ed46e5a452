// Topics, offsets and committed positions of remote brokers. Everything here may be asked again, so it is, for a bounded time.
import { assert } from '../../core/assert.ts'
import { Retriable } from '../../core/errors.ts'
import { type TopicPartition, topicPartitionName } from '../../core/topic-partition.ts'
import type { Admin, PartitionOffsets, Position, TopicDescription, TopicSpec } from '../cluster.ts'
import { brokerError, errorCode, requireAllWell } from './broker-errors.ts'
import type { Address, BrokerLinks } from './broker-links.ts'
import type { ClusterMap, Led } from './cluster-map.ts'
import { type Coordinators, coordinatorOf } from './coordinators.ts'
import { deleteRecords } from './messages/delete-records.ts'
import type { GroupMemberIdentity } from './messages/group-fields.ts'
import { earliestTimestamp, type ListedOffset, latestTimestamp, listOffsets } from './messages/list-offsets.ts'
import type { TopicMetadata } from './messages/metadata.ts'
import { offsetCommit } from './messages/offset-commit.ts'
import { type OffsetFetchAnswer, offsetFetch } from './messages/offset-fetch.ts'
import type { Persistence } from './persistence.ts'
import type { TopicAdministration } from './topic-administration.ts'

export interface RemoteAdminParts {
  readonly links: BrokerLinks
  readonly map: ClusterMap
  readonly coordinators: Coordinators
  readonly topics: TopicAdministration
  readonly persistence: Persistence
  readonly replicationFactor: number | undefined
  readonly requestTimeoutMs: number
  /** Who this process is in a group. */
  readonly identityIn: (group: string) => GroupMemberIdentity
}

/** Copies of each partition where nobody said how many. */
const usualReplicas = 3

export class RemoteAdmin implements Admin {
  private readonly parts: RemoteAdminParts

  constructor(parts: RemoteAdminParts) {
    this.parts = parts
  }

  async createTopics(specs: readonly TopicSpec[]): Promise<TopicDescription[]> {
    const { map, topics, persistence } = this.parts
    const names = specs.map(({ name }) => name)
    return persistence.repeat(async () => {
      const known = await this.describeTopics(names)
      const missing = specs.filter((_, i) => known[i] === undefined)
      if (missing.length > 0) {
        const replicas = this.parts.replicationFactor ?? Math.min(usualReplicas, map.brokerCount)
        await topics.create(missing, replicas)
        await this.untilServed(missing)
      }
      return (await this.describeTopics(names)).map((topic, i) => {
        if (topic !== undefined) return topic
        throw new Retriable('unknown_topic_or_partition', `topic ${names[i]} is gone again`)
      })
    })
  }

  async describeTopics(names: readonly string[]): Promise<(TopicDescription | undefined)[]> {
    const { persistence, topics } = this.parts
    if (names.length === 0) return []
    return persistence.repeat(async () => {
      const known = await this.metadataOf(names)
      const configs = await topics.configs([...known.keys()])
      const descriptions = new Map(
        [...known.values()].map(({ name, topicId, partitions }, i) => {
          const found = configs[i]
          assert(found !== undefined, 'there is one configuration a topic')
          const copies = Math.min(...partitions.map(({ replicas }) => replicas.length))
          const { config, minInSync, isUnclean } = found
          const replication = { copies, minInSync, isUnclean }
          return [name, { name, partitions: partitions.length, config, id: topicId, replication }]
        }),
      )
      return names.map((name) => descriptions.get(name))
    })
  }

  async listTopics(): Promise<string[]> {
    const all = await this.parts.persistence.repeat(() => this.parts.map.describe(undefined))
    return all.filter(({ isInternal }) => !isInternal).map(({ name }) => name)
  }

  async deleteTopic(name: string): Promise<void> {
    await this.parts.persistence.repeat(async () => {
      if ((await this.metadataOf([name])).size === 0) return
      await this.parts.topics.delete(name)
      throw new Retriable('topic_still_there', `topic ${name} is not gone yet`)
    })
  }

  async offsets(of: readonly TopicPartition[]): Promise<PartitionOffsets[]> {
    const answers = await this.byLeader(of, async (broker, partitions) => {
      const ask = (isolationLevel: 0 | 1, timestamp: number) =>
        this.parts.links.ask(broker, listOffsets, { isolationLevel, timestamp, partitions })
      // In this order, so that the stable offset is never beyond the latest.
      const ends = await Promise.all([ask(0, earliestTimestamp), ask(1, latestTimestamp), ask(0, latestTimestamp)])
      for (const end of ends) requireAllWell(end, listOffsets.name)
      return ends
    })
    const [earliest, stable, latest] = [0, 1, 2].map((end) => offsetsByName(answers.flatMap((ends) => ends[end] ?? [])))
    return of.map((place) => {
      const name = topicPartitionName(place)
      return { earliest: known(earliest, name), stable: known(stable, name), latest: known(latest, name) }
    })
  }

  async deleteRecords(before: readonly (TopicPartition & { readonly before: number })[]): Promise<void> {
    const timeoutMs = this.parts.requestTimeoutMs
    await this.byLeader(before, async (broker, partitions) => {
      const results = await this.parts.links.ask(broker, deleteRecords, { partitions, timeoutMs }, timeoutMs * 2)
      // Only what all copies have may be deleted, and a new leader learns of that a little later than it leads.
      if (results.some(({ errorCode: code }) => code === errorCode.offsetOutOfRange))
        throw new Retriable('offset_out_of_range', 'a leader does not know yet that these records are committed')
      requireAllWell(results, deleteRecords.name)
    })
  }

  async committed(group: string, of: readonly TopicPartition[]): Promise<(number | undefined)[]> {
    const [answer] = await this.parts.coordinators.ask({
      keyType: coordinatorOf.group,
      key: group,
      message: offsetFetch,
      request: { groupId: group, partitions: of },
      errorOf: offsetFetchError,
      repeatOn: [errorCode.unstableOffsetCommit],
      isRepeatable: true,
      over: this.parts.links,
    })
    assert(answer !== undefined, 'one group was asked for')
    if (answer.errorCode !== errorCode.none) throw brokerError(answer.errorCode, offsetFetch.name)
    requireAllWell(answer.partitions, offsetFetch.name)
    const offsets = new Map(answer.partitions.map((place) => [topicPartitionName(place), place.committedOffset]))
    return of.map((place) => {
      const offset = offsets.get(topicPartitionName(place)) ?? -1
      return offset < 0 ? undefined : offset
    })
  }

  async commitOffsets(group: string, positions: readonly Position[]): Promise<void> {
    const results = await this.parts.coordinators.ask({
      keyType: coordinatorOf.group,
      key: group,
      message: offsetCommit,
      request: { ...this.parts.identityIn(group), positions },
      errorOf: (answers) => answers.find(({ errorCode: code }) => code !== errorCode.none)?.errorCode ?? errorCode.none,
      isRepeatable: true,
      over: this.parts.links,
    })
    requireAllWell(results, offsetCommit.name)
  }

  /** Those of the topics that exist. */
  private async metadataOf(names: readonly string[]): Promise<Map<string, TopicMetadata>> {
    const found = new Map<string, TopicMetadata>()
    for (const topic of await this.parts.map.describe(names)) {
      if (topic.errorCode === errorCode.none) found.set(topic.name, topic)
      else if (topic.errorCode !== errorCode.unknownTopicOrPartition)
        throw brokerError(topic.errorCode, `metadata of ${topic.name}`)
    }
    return found
  }

  /** A topic is known before its partitions can be written to; a producer that comes too early would be at its end. */
  private async untilServed(specs: readonly TopicSpec[]): Promise<void> {
    const places = specs.flatMap(({ name, partitions }) =>
      Array.from({ length: partitions }, (_, partition) => ({ topic: name, partition })),
    )
    await this.offsets(places)
  }

  /** Asks each leader about its partitions; all of it again when one of them is not the leader any more. */
  private byLeader<Place extends TopicPartition, Answer>(
    places: readonly Place[],
    ask: (broker: Address, led: readonly Led<Place>[]) => Promise<Answer>,
  ): Promise<Answer[]> {
    const { map, persistence } = this.parts
    return persistence.repeat(async () => {
      try {
        const leaders = await map.byLeader(places)
        return await Promise.all([...leaders].map(([broker, led]) => ask(broker, led)))
      } catch (error) {
        map.forget(places)
        throw error
      }
    })
  }
}

const offsetsByName = (listed: readonly ListedOffset[]) =>
  new Map(listed.map((one) => [topicPartitionName(one), one.offset]))

function known(offsets: ReadonlyMap<string, number> | undefined, name: string): number {
  const offset = offsets?.get(name)
  assert(offset !== undefined, `the offset of ${name} was asked for`)
  return offset
}

function offsetFetchError([answer]: readonly OffsetFetchAnswer[]): number {
  if (answer === undefined || answer.errorCode !== errorCode.none) return answer?.errorCode ?? errorCode.none
  return answer.partitions.find(({ errorCode: code }) => code !== errorCode.none)?.errorCode ?? errorCode.none
}
