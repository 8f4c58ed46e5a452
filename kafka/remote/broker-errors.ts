// Kafka's error codes in our words: the name, and whether asking again may help.
import { type ErrorPlace, Retriable, StreamsError } from '../../core/errors.ts'

export const errorCode = {
  none: 0,
  offsetOutOfRange: 1,
  unknownTopicOrPartition: 3,
  notCoordinator: 16,
  illegalGeneration: 22,
  unknownMemberId: 25,
  rebalanceInProgress: 27,
  concurrentTransactions: 51,
  memberIdRequired: 79,
  fencedInstanceId: 82,
  unstableOffsetCommit: 88,
} as const

/** Another broker, or the same one a little later, may answer. */
const passing: Readonly<Record<number, string>> = {
  [-1]: 'unknown_server_error',
  3: 'unknown_topic_or_partition',
  5: 'leader_not_available',
  6: 'not_leader_or_follower',
  7: 'request_timed_out',
  9: 'replica_not_available',
  13: 'network_exception',
  14: 'coordinator_load_in_progress',
  15: 'coordinator_not_available',
  16: 'not_coordinator',
  41: 'not_controller',
  51: 'concurrent_transactions',
  56: 'kafka_storage_error',
  74: 'fenced_leader_epoch',
  75: 'unknown_leader_epoch',
  78: 'offset_not_available',
  88: 'unstable_offset_commit',
  100: 'unknown_topic_id',
}

const lasting: Readonly<Record<number, string>> = {
  1: 'offset_out_of_range',
  2: 'corrupt_message',
  10: 'message_too_large',
  17: 'invalid_topic',
  18: 'record_list_too_large',
  19: 'not_enough_replicas',
  20: 'not_enough_replicas_after_append',
  22: 'illegal_generation',
  23: 'inconsistent_group_protocol',
  24: 'invalid_group_id',
  25: 'unknown_member',
  26: 'invalid_session_timeout',
  27: 'rebalance_in_progress',
  29: 'topic_authorization_failed',
  30: 'group_authorization_failed',
  31: 'cluster_authorization_failed',
  32: 'invalid_timestamp',
  33: 'unsupported_sasl_mechanism',
  35: 'unsupported_version',
  36: 'topic_already_exists',
  37: 'invalid_partitions',
  38: 'invalid_replication_factor',
  40: 'invalid_config',
  42: 'invalid_request',
  44: 'policy_violation',
  45: 'out_of_order_sequence',
  46: 'duplicate_sequence',
  47: 'invalid_producer_epoch',
  48: 'invalid_transaction_state',
  49: 'invalid_producer_id_mapping',
  50: 'invalid_transaction_timeout',
  53: 'transactional_id_authorization_failed',
  59: 'unknown_producer_id',
  67: 'transaction_coordinator_fenced',
  76: 'unsupported_compression_type',
  81: 'group_max_size_reached',
  82: 'fenced_instance',
  87: 'invalid_record',
  89: 'throttling_quota_exceeded',
  90: 'producer_fenced',
  120: 'transaction_abortable',
}

export function errorName(code: number): string {
  return passing[code] ?? lasting[code] ?? `kafka_error_${code}`
}

export function isPassing(code: number): boolean {
  return passing[code] !== undefined
}

/** @example if (answer.errorCode !== 0) throw brokerError(answer.errorCode, 'EndTxn') */
export function brokerError(code: number, api: string, place: ErrorPlace = {}): StreamsError {
  const message = `${api} was answered with ${errorName(code)} (${code})`
  return isPassing(code)
    ? new Retriable(errorName(code), message, place)
    : new StreamsError(errorName(code), message, place)
}

/** Throws for the first partition that failed. */
export function requireAllWell(
  results: readonly { readonly topic: string; readonly partition: number; readonly errorCode: number }[],
  api: string,
): void {
  const failed = results.find((result) => result.errorCode !== errorCode.none)
  if (failed !== undefined) throw brokerError(failed.errorCode, api, { topicPartition: failed })
}
