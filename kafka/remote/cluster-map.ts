// Which brokers there are and who leads which partition, as far as known; asked again when somebody says that it is wrong.
import { Retriable, StreamsError } from '../../core/errors.ts'
import type { TopicPartition } from '../../core/topic-partition.ts'
import { brokerError, errorCode } from './broker-errors.ts'
import type { Address, BrokerLinks } from './broker-links.ts'
import { type MetadataAnswer, metadata, type PartitionMetadata, type TopicMetadata } from './messages/metadata.ts'
import type { Persistence } from './persistence.ts'

export type Led<Place> = Place & { readonly leaderEpoch: number }

export class ClusterMap {
  private readonly seeds: readonly Address[]
  private readonly links: BrokerLinks
  /** For topics that a broker does not know yet. */
  private readonly patience: Persistence
  private readonly brokers = new Map<number, Address>()
  private readonly topics = new Map<string, TopicMetadata>()
  /** Where the last answer came from; the next candidate when it fails. */
  private turn = 0

  constructor(seeds: readonly Address[], links: BrokerLinks, patience: Persistence) {
    this.seeds = seeds
    this.links = links
    this.patience = patience
  }

  get brokerCount(): number {
    return this.brokers.size
  }

  /** Undefined while metadata has not named it. */
  addressOf(nodeId: number): Address | undefined {
    return this.brokers.get(nodeId)
  }

  /** Asks any broker that answers; undefined asks for all topics. @throws Retriable when none can be reached. */
  async describe(topics: readonly string[] | undefined): Promise<readonly TopicMetadata[]> {
    const answer = await this.askAny((broker) => this.links.ask(broker, metadata, { topics }))
    this.learn(answer)
    return answer.topics
  }

  /** One attempt with each broker, the one that answered last first. */
  async askAny<Answer>(ask: (broker: Address) => Promise<Answer>): Promise<Answer> {
    const candidates = [...this.brokers.values(), ...this.seeds]
    let failure: unknown
    for (let attempt = 0; attempt < candidates.length; attempt++) {
      const broker = candidates[this.turn % candidates.length]
      if (broker === undefined) break
      try {
        return await ask(broker)
      } catch (error) {
        if (!(error instanceof Retriable)) throw error
        failure = error
        this.turn++
      }
    }
    throw new Retriable('cluster_unreachable', 'no broker of the cluster can be reached', { cause: failure })
  }

  /** The places by the broker that leads them. @throws Retriable where there is no leader now, `unknown_topic` where there is no topic. */
  async byLeader<Place extends TopicPartition>(places: readonly Place[]): Promise<Map<Address, Led<Place>[]>> {
    const unknown = new Set(places.map(({ topic }) => topic).filter((topic) => !this.topics.has(topic)))
    if (unknown.size > 0) await this.learnTopics([...unknown])
    const leaders = new Map<Address, Led<Place>[]>()
    for (const place of places) {
      const { leaderId, leaderEpoch } = this.partitionOf(place)
      const broker = this.brokers.get(leaderId)
      if (broker === undefined) throw this.leaderless(place)
      const led = leaders.get(broker)
      if (led === undefined) leaders.set(broker, [{ ...place, leaderEpoch }])
      else led.push({ ...place, leaderEpoch })
    }
    return leaders
  }

  /** What is known of these topics is doubtful: the next question asks anew. */
  forget(places: readonly TopicPartition[]): void {
    for (const { topic } of places) this.topics.delete(topic)
  }

  private async learnTopics(names: readonly string[]): Promise<void> {
    try {
      await this.patience.repeat(async () => {
        const missing = (await this.describe(names)).find(({ errorCode: code }) => code !== errorCode.none)
        if (missing !== undefined) throw brokerError(missing.errorCode, `metadata of ${missing.name}`)
      })
    } catch (error) {
      if (!(error instanceof Retriable) || error.code !== 'unknown_topic_or_partition') throw error
      throw new StreamsError('unknown_topic', `there is no such topic among ${names.join(', ')}`, { cause: error })
    }
  }

  private learn({ brokers, topics }: MetadataAnswer): void {
    for (const { nodeId, host, port } of brokers) {
      const known = this.brokers.get(nodeId)
      if (known?.host !== host || known.port !== port) this.brokers.set(nodeId, { host, port })
    }
    for (const nodeId of this.brokers.keys())
      if (!brokers.some((broker) => broker.nodeId === nodeId)) this.brokers.delete(nodeId)
    for (const topic of topics) {
      if (topic.errorCode === errorCode.none) this.topics.set(topic.name, topic)
      else this.topics.delete(topic.name)
    }
  }

  private partitionOf(place: TopicPartition): PartitionMetadata {
    const found = this.topics.get(place.topic)?.partitions.find(({ partition }) => partition === place.partition)
    if (found !== undefined) return found
    throw new StreamsError('unknown_partition', 'there is no such partition', { topicPartition: place })
  }

  private leaderless(place: TopicPartition): Retriable {
    this.forget([place])
    return new Retriable('leader_not_available', 'the partition has no leader now', { topicPartition: place })
  }
}
