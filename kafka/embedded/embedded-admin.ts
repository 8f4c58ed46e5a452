// Topics, offsets and committed positions of the embedded cluster.
import type { TopicPartition } from '../../core/topic-partition.ts'
import type { Admin, PartitionOffsets, Position, TopicDescription, TopicSpec } from '../cluster.ts'
import type { TopicCatalogue } from './topic-catalogue.ts'
import type { TransactionCoordinator } from './transactions/transaction-coordinator.ts'

export class EmbeddedAdmin implements Admin {
  private readonly catalogue: TopicCatalogue
  private readonly coordinator: TransactionCoordinator

  constructor(catalogue: TopicCatalogue, coordinator: TransactionCoordinator) {
    this.catalogue = catalogue
    this.coordinator = coordinator
  }

  async createTopics(specs: readonly TopicSpec[]): Promise<TopicDescription[]> {
    return specs.map((spec) => this.catalogue.create(spec))
  }

  async describeTopics(names: readonly string[]): Promise<(TopicDescription | undefined)[]> {
    return names.map((name) => this.catalogue.describe(name))
  }

  async listTopics(): Promise<string[]> {
    return this.catalogue.names()
  }

  async deleteTopic(name: string): Promise<void> {
    const partitions = this.catalogue.delete(name)
    if (partitions.length > 0) this.coordinator.forgetTopic(name, partitions)
  }

  async offsets(of: readonly TopicPartition[]): Promise<PartitionOffsets[]> {
    return of.map((place) => {
      const { startOffset, stableOffset, endOffset } = this.catalogue.partition(place)
      return { earliest: startOffset, stable: stableOffset, latest: endOffset }
    })
  }

  async deleteRecords(before: readonly (TopicPartition & { readonly before: number })[]): Promise<void> {
    for (const place of before) this.catalogue.partition(place).deleteBefore(place.before)
  }

  committed(group: string, of: readonly TopicPartition[]): Promise<(number | undefined)[]> {
    return this.coordinator.committed(group, of)
  }

  async commitOffsets(group: string, positions: readonly Position[]): Promise<void> {
    this.coordinator.commitOffsets({ group, positions })
  }
}
