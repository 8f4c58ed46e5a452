// The log in our words: what the engine needs of a Kafka cluster. Adapters: embedded/ (in this process) and remote/ (brokers).
// Semantics are Kafka's. Offsets and timestamps are numbers; record batches stay raw bytes (record-batch/).
import type { TopicPartition } from '../core/topic-partition.ts'
import type { RecordBatchWriter } from './record-batch/record-batch-writer.ts'

export interface Cluster {
  readonly admin: Admin
  /** A reader has its own connections; several may exist. */
  openReader(): LogReader
  /**
   * InitProducerId: ends whatever transaction this id has open, fences every earlier producer of the id, returns the new one.
   * @throws Retriable when the coordinator cannot answer now.
   */
  initProducer(options: ProducerOptions): Promise<TransactionalProducer>
  /** The requests of group membership; the member's logic is `group-member.ts`. */
  readonly groups: GroupCoordinator
  close(): Promise<void>
}

// ---- topics

export type CleanupPolicy = 'delete' | 'compact' | 'compact,delete'

export interface TopicConfig {
  readonly cleanupPolicy: CleanupPolicy
  readonly timestampType: 'CreateTime' | 'LogAppendTime'
  /** −1 keeps records for ever. */
  readonly retentionMs: number
  /** Of a partition; −1: any number. Brokers may have a limit of their own for topics that say nothing; the embedded cluster has none. */
  readonly retentionBytes: number
  readonly segmentBytes: number
  /** Brokers begin another segment when record timestamps are this far apart; the embedded cluster by size alone. */
  readonly segmentMs: number
  readonly deleteRetentionMs: number
  readonly minCompactionLagMs: number
  /** Largest record batch that a broker takes; the embedded cluster takes any. */
  readonly maxMessageBytes: number
}

/** Kafka's defaults, but for retention: nothing is deleted unless somebody said so. */
export const defaultTopicConfig: TopicConfig = {
  cleanupPolicy: 'delete',
  timestampType: 'CreateTime',
  retentionMs: -1,
  retentionBytes: -1,
  segmentBytes: 64 * 1024 * 1024,
  segmentMs: 7 * 86_400_000,
  deleteRetentionMs: 7 * 86_400_000,
  minCompactionLagMs: 60_000,
  maxMessageBytes: 1_048_588,
}

export interface TopicSpec {
  readonly name: string
  readonly partitions: number
  readonly config: TopicConfig
}

export interface Replication {
  /** Of the partition with the fewest. */
  readonly copies: number
  /** `min.insync.replicas`: copies that must have a record before it counts as written. */
  readonly minInSync: number
  /** `unclean.leader.election.enable`: a copy that lacks committed records may become the log. */
  readonly isUnclean: boolean
}

export interface TopicDescription extends TopicSpec {
  /** A new id means that the topic was made anew: positions of the old one mean nothing. */
  readonly id: string
  /** Undefined where there are no brokers to keep copies. */
  readonly replication?: Replication
}

export interface Admin {
  /** Creates what is missing; a topic that exists is left as it is and described as it is. */
  createTopics(specs: readonly TopicSpec[]): Promise<TopicDescription[]>
  /** In the order asked; undefined where there is no such topic. */
  describeTopics(names: readonly string[]): Promise<(TopicDescription | undefined)[]>
  listTopics(): Promise<string[]>
  deleteTopic(name: string): Promise<void>
  /** In the order asked. */
  offsets(of: readonly TopicPartition[]): Promise<PartitionOffsets[]>
  /** Everything below `before` may be removed; reading it is out of range from now on. */
  deleteRecords(before: readonly (TopicPartition & { readonly before: number })[]): Promise<void>
  /** A group's committed positions, in the order asked; undefined where there is none. Waits (bounded) while a transaction decides. */
  committed(group: string, of: readonly TopicPartition[]): Promise<(number | undefined)[]>
  /** Commits positions outside any transaction, for lag tools. */
  commitOffsets(group: string, positions: readonly Position[]): Promise<void>
}

export interface PartitionOffsets {
  /** Log start offset. */
  readonly earliest: number
  /** Last stable offset: the end for read-committed readers. */
  readonly stable: number
  /** High watermark: the end of the log. */
  readonly latest: number
}

export interface Position extends TopicPartition {
  /** The next offset to read. */
  readonly offset: number
}

// ---- reading

export type Isolation = 'read_committed' | 'read_uncommitted'

export interface FetchOptions {
  readonly isolation: Isolation
  /** Of all partitions together; the first batch comes whole even if it is larger. */
  readonly maxBytes: number
  readonly maxBytesPerPartition: number
  /** How long to wait when there is nothing, or less than `minBytes`, ms. */
  readonly maxWaitMs: number
  /** Brokers gather so much before they answer; the embedded cluster, where an answer costs nothing, does not. Default 1. */
  readonly minBytes?: number
  readonly signal?: AbortSignal
}

export interface FetchedPartition extends TopicPartition {
  /** Whole record batches, one after the other; the first may begin below the asked offset. Valid until the next fetch of this reader. */
  readonly batches: Buffer
  readonly aborted: readonly AbortedTransaction[]
  readonly logStartOffset: number
  readonly lastStableOffset: number
  readonly highWatermark: number
}

export interface AbortedTransaction {
  readonly producerId: number
  readonly firstOffset: number
}

export interface LogReader {
  /**
   * Reads from explicit positions. Partitions without data may be left out of the answer.
   * @throws OffsetOutOfRange (naming the partition) — never a silent reset.
   */
  fetch(positions: readonly Position[], options: FetchOptions): Promise<FetchedPartition[]>
  close(): Promise<void>
}

// ---- writing

export interface ProducerOptions {
  readonly transactionalId: string
  /** The cluster aborts a transaction left open longer than this, ms. */
  readonly transactionTimeoutMs: number
}

export interface ProducedBatch extends TopicPartition {
  readonly records: RecordBatchWriter
}

export interface GroupMetadata {
  readonly group: string
  /** −1, '' and undefined outside a group membership: then only the producer's epoch fences. */
  readonly generation: number
  readonly memberId: string
  readonly instanceId?: string
}

/**
 * One transaction at a time; the first `send` or `sendOffsets` begins it. Any error but Retriable at `initProducer` means that the
 * outcome is unknown or that this producer is fenced: drop it and init anew, never abort and go on.
 */
export interface TransactionalProducer {
  readonly transactionalId: string
  readonly producerId: number
  /** One batch a partition and call. Returns the base offset of each, in the order given. @throws ProducerFenced; StreamsError for records that brokers would refuse again */
  send(batches: readonly ProducedBatch[]): Promise<number[]>
  sendOffsets(group: GroupMetadata, positions: readonly Position[]): Promise<void>
  commit(): Promise<void>
  /** For orderly use only (a test, an ingest that gives up its batch). */
  abort(): Promise<void>
}

// ---- group membership (Kafka's classic protocol; the assignor runs in the leader)

export interface JoinRequest {
  readonly group: string
  readonly memberId: string
  readonly instanceId?: string
  readonly sessionTimeoutMs: number
  readonly rebalanceTimeoutMs: number
  readonly protocol: string
  /** What this member wants and holds, for the leader's assignor. */
  readonly metadata: Buffer
}

export interface JoinAnswer {
  readonly generation: number
  readonly memberId: string
  readonly leader: string
  /** Filled for the leader only. */
  readonly members: readonly { readonly memberId: string; readonly instanceId?: string; readonly metadata: Buffer }[]
}

export interface MemberIdentity {
  readonly group: string
  readonly generation: number
  readonly memberId: string
  readonly instanceId?: string
}

export interface SyncRequest extends MemberIdentity {
  /** From the leader: each member's assignment. */
  readonly assignments: readonly { readonly memberId: string; readonly assignment: Buffer }[]
}

export type HeartbeatAnswer = 'ok' | 'rebalance' | 'unknown_member' | 'fenced_instance'

export interface GroupCoordinator {
  /** Waits until all members have joined or the rebalance timeout is over. */
  join(request: JoinRequest): Promise<JoinAnswer>
  /** @throws Retriable when the generation has moved on: join again. */
  sync(request: SyncRequest): Promise<Buffer>
  heartbeat(member: MemberIdentity): Promise<HeartbeatAnswer>
  leave(member: MemberIdentity): Promise<void>
}
