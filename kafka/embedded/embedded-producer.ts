// One incarnation of a transactional producer: numbers its batches per partition and asks the coordinator before every step.
import { topicPartitionName } from '../../core/topic-partition.ts'
import type { GroupMetadata, Position, ProducedBatch, TransactionalProducer } from '../cluster.ts'
import type { EmbeddedGroups } from './groups/embedded-groups.ts'
import type { TopicCatalogue } from './topic-catalogue.ts'
import type { ProducerIdentity, TransactionCoordinator } from './transactions/transaction-coordinator.ts'

export class EmbeddedProducer implements TransactionalProducer {
  readonly transactionalId: string
  readonly producerId: number
  private readonly identity: ProducerIdentity
  private readonly catalogue: TopicCatalogue
  private readonly coordinator: TransactionCoordinator
  private readonly groups: EmbeddedGroups
  private readonly sequences = new Map<string, number>()

  constructor(
    identity: ProducerIdentity,
    catalogue: TopicCatalogue,
    coordinator: TransactionCoordinator,
    groups: EmbeddedGroups,
  ) {
    this.identity = identity
    this.transactionalId = identity.transactionalId
    this.producerId = identity.producerId
    this.catalogue = catalogue
    this.coordinator = coordinator
    this.groups = groups
  }

  async send(batches: readonly ProducedBatch[]): Promise<number[]> {
    return batches.map((batch) => this.sendBatch(batch))
  }

  async sendOffsets({ group, ...member }: GroupMetadata, positions: readonly Position[]): Promise<void> {
    if (member.generation >= 0) this.groups.requireCurrent({ group, ...member })
    this.coordinator.addOffsets(this.identity, { group, positions: positions.map(plainPosition) })
  }

  async commit(): Promise<void> {
    this.coordinator.commit(this.identity)
  }

  async abort(): Promise<void> {
    this.coordinator.abort(this.identity)
  }

  private sendBatch({ topic, partition, records }: ProducedBatch): number {
    const log = this.catalogue.partition({ topic, partition })
    this.coordinator.addPartition(this.identity, log)
    const name = topicPartitionName({ topic, partition })
    const sequence = this.sequences.get(name) ?? 0
    const { producerId, epoch } = this.identity
    const offset = log.append(records.finish({ producerId, epoch, sequence, isTransactional: true }))
    this.sequences.set(name, (sequence + records.count) % 2 ** 31)
    return offset
  }
}

const plainPosition = ({ topic, partition, offset }: Position): Position => ({ topic, partition, offset })
