// The cluster in this process: Kafka's semantics over a log in a directory or in memory. It locks nothing: one process a directory is the caller's duty.
import type { Clock } from '../../core/clock.ts'
import type { Random } from '../../core/random.ts'
import type { Admin, Cluster, GroupCoordinator, LogReader, ProducerOptions, TransactionalProducer } from '../cluster.ts'
import { EmbeddedAdmin } from './embedded-admin.ts'
import { EmbeddedProducer } from './embedded-producer.ts'
import { EmbeddedReader } from './embedded-reader.ts'
import { type FaultHooks, withFaults } from './fault-hooks.ts'
import { EmbeddedGroups } from './groups/embedded-groups.ts'
import { maintainPartition } from './log/maintenance.ts'
import { FileStorage } from './storage/file-storage.ts'
import type { LogStorage } from './storage/log-storage.ts'
import { MemoryStorage } from './storage/memory-storage.ts'
import { TopicCatalogue } from './topic-catalogue.ts'
import { TransactionCoordinator } from './transactions/transaction-coordinator.ts'

export interface EmbeddedOptions {
  /** Where the log is kept; absent means in memory. */
  readonly directory?: string
  /** Instead of `directory`: a storage of the caller's, which may outlive the cluster. */
  readonly storage?: LogStorage
  readonly clock: Clock
  readonly random: Random
  readonly faults?: FaultHooks
}

export interface EmbeddedCluster extends Cluster {
  /** Retention, compaction, transaction and session timeouts: call it now and then; nothing of it happens by itself. */
  maintain(): Promise<void>
}

/** Opens the cluster and, after a crash, makes it whole: torn tails are cut off, decided transactions completed, others aborted. */
export async function openEmbeddedCluster(options: EmbeddedOptions): Promise<EmbeddedCluster> {
  const cluster = new LocalCluster(options)
  if (options.faults === undefined) return cluster
  return {
    ...withFaults(cluster, options.faults),
    maintain: () => cluster.maintain(),
    close: () => cluster.close(),
  }
}

class LocalCluster implements EmbeddedCluster {
  readonly admin: Admin
  readonly groups: GroupCoordinator
  private readonly storage: LogStorage
  private readonly clock: Clock
  private readonly catalogue: TopicCatalogue
  private readonly coordinator: TransactionCoordinator
  private readonly embeddedGroups: EmbeddedGroups
  private readonly readers = new Set<LogReader>()
  private maintenance: Promise<void> | undefined

  constructor({ directory, storage, clock, random }: EmbeddedOptions) {
    this.storage = storage ?? (directory === undefined ? new MemoryStorage() : new FileStorage(directory))
    this.clock = clock
    this.catalogue = new TopicCatalogue(this.storage, clock, random)
    this.coordinator = new TransactionCoordinator(this.storage, clock, this.catalogue.allPartitions())
    this.embeddedGroups = new EmbeddedGroups(clock, random)
    this.groups = this.embeddedGroups
    this.admin = new EmbeddedAdmin(this.catalogue, this.coordinator)
  }

  openReader(): LogReader {
    const reader: LogReader = new EmbeddedReader(this.catalogue, this.clock, () => this.readers.delete(reader))
    this.readers.add(reader)
    return reader
  }

  async initProducer(options: ProducerOptions): Promise<TransactionalProducer> {
    const identity = this.coordinator.init(options)
    return new EmbeddedProducer(identity, this.catalogue, this.coordinator, this.embeddedGroups)
  }

  /** One round at a time: whoever calls during a round waits for its end. */
  maintain(): Promise<void> {
    this.maintenance ??= this.maintainOnce().finally(() => {
      this.maintenance = undefined
    })
    return this.maintenance
  }

  private async maintainOnce(): Promise<void> {
    this.coordinator.maintain()
    this.embeddedGroups.maintain()
    for (const partition of [...this.catalogue.allPartitions()]) await maintainPartition(partition, this.clock)
  }

  async close(): Promise<void> {
    for (const reader of this.readers) await reader.close()
    await this.maintenance
    this.catalogue.close()
    this.coordinator.close()
    this.storage.close()
  }
}
