// Cases of the messages of a transactional producer.
import fc from 'fast-check'
import { addOffsetsToTxn } from '../../../../kafka/remote/messages/add-offsets-to-txn.ts'
import { addPartitionsToTxn } from '../../../../kafka/remote/messages/add-partitions-to-txn.ts'
import { endTxn } from '../../../../kafka/remote/messages/end-txn.ts'
import { findCoordinator } from '../../../../kafka/remote/messages/find-coordinator.ts'
import { initProducerId } from '../../../../kafka/remote/messages/init-producer-id.ts'
import { produce } from '../../../../kafka/remote/messages/produce.ts'
import { txnOffsetCommit } from '../../../../kafka/remote/messages/txn-offset-commit.ts'
import {
  bytes,
  currentLeader,
  errorOnly,
  flat,
  int16,
  int32,
  int64,
  isolationLevel,
  type MessageCase,
  member,
  messageCase,
  optionalText,
  orNull,
  pairs,
  place,
  plainNames,
  position,
  producer,
  result,
  resultsByTopic,
  text,
  throttleTimeMs,
  underTopics,
  wirePosition,
  wireTopics,
} from './message-values.ts'

const findCoordinatorCase = messageCase(
  findCoordinator,
  pairs(fc.record({ keyType: isolationLevel, coordinatorKey: text }), ({ keyType, coordinatorKey }) => ({
    keyType,
    coordinatorKeys: [coordinatorKey],
  })),
  pairs(
    fc.array(fc.record({ nodeId: int32, host: text, port: int32, errorCode: int16, errorMessage: optionalText }), {
      maxLength: 2,
    }),
    (found) => ({
      throttleTimeMs,
      coordinators: found.map(({ errorMessage, ...rest }) => ({
        ...rest,
        key: 'k',
        errorMessage: orNull(errorMessage),
      })),
    }),
  ),
)

const initProducerIdCase = messageCase(
  initProducerId,
  pairs(fc.record({ transactionalId: text, transactionTimeoutMs: int32 }), (request) => request),
  pairs(fc.record({ errorCode: int16, producerId: int64, producerEpoch: int16 }), (answer) => ({
    throttleTimeMs,
    ...answer,
  })),
)

const produceCase = (version: 9 | 12) =>
  messageCase(
    produce(version),
    fc
      .tuple(
        fc.record({ transactionalId: text, timeoutMs: int32 }),
        underTopics(fc.record({ partition: int32, records: bytes })),
      )
      .map(([request, topics]) => ({
        ours: { ...request, batches: flat(topics) },
        onWire: {
          ...request,
          acks: -1,
          topicData: wireTopics(topics, { topic: 'name', items: 'partitionData' }, ({ partition, records }) => ({
            index: partition,
            records,
          })),
        },
      })),
    underTopics(fc.record({ partition: int32, errorCode: int16, baseOffset: int64, errorMessage: optionalText })).map(
      (topics) => ({
        ours: flat(topics),
        onWire: {
          throttleTimeMs,
          responses: wireTopics(
            topics,
            { topic: 'name', items: 'partitionResponses' },
            ({ partition, errorCode, baseOffset, errorMessage }) => ({
              index: partition,
              errorCode,
              baseOffset,
              recordErrors: [{ batchIndex: 1, batchIndexErrorMessage: null }],
              errorMessage: orNull(errorMessage),
              ...(version === 12 ? { currentLeader } : {}),
            }),
          ),
        },
      }),
    ),
  )

const addPartitionsToTxnCase = messageCase(
  addPartitionsToTxn,
  fc.tuple(producer, underTopics(place)).map(([who, topics]) => ({
    ours: { ...who, partitions: flat(topics) },
    onWire: {
      v3AndBelowTransactionalId: who.transactionalId,
      v3AndBelowProducerId: who.producerId,
      v3AndBelowProducerEpoch: who.producerEpoch,
      v3AndBelowTopics: wireTopics(topics, plainNames, ({ partition }) => partition),
    },
  })),
  underTopics(result).map((topics) => ({
    ours: flat(topics),
    onWire: {
      throttleTimeMs,
      resultsByTopicV3AndBelow: wireTopics(
        topics,
        { topic: 'name', items: 'resultsByPartition' },
        ({ partition, errorCode }) => ({ partitionIndex: partition, partitionErrorCode: errorCode }),
      ),
    },
  })),
)

const addOffsetsToTxnCase = messageCase(
  addOffsetsToTxn,
  pairs(
    fc.tuple(producer, text).map(([who, groupId]) => ({ ...who, groupId })),
    (request) => request,
  ),
  errorOnly,
)

const txnOffsetCommitCase = (version: 3 | 5) =>
  messageCase(
    txnOffsetCommit(version),
    fc.tuple(producer, member, underTopics(position)).map(([who, from, topics]) => ({
      ours: { ...who, ...from, positions: flat(topics) },
      onWire: {
        ...who,
        ...from,
        groupInstanceId: orNull(from.groupInstanceId),
        topics: wireTopics(topics, plainNames, (item) => ({ ...wirePosition(item), committedMetadata: '' })),
      },
    })),
    resultsByTopic,
  )

const endTxnCase = (version: 3 | 5) =>
  messageCase(
    endTxn(version),
    pairs(
      fc.tuple(producer, fc.boolean()).map(([who, committed]) => ({ ...who, committed })),
      (request) => request,
    ),
    fc.record({ errorCode: fc.constantFrom(0, 48), producerId: int64, producerEpoch: int16 }).map((answer) => {
      const { errorCode, ...next } = answer
      const ours = { errorCode, next: version === 5 && errorCode === 0 ? next : undefined }
      return { ours, onWire: version === 5 ? { throttleTimeMs, ...answer } : { throttleTimeMs, errorCode } }
    }),
  )

export const transactionsMessages: readonly MessageCase[] = [
  findCoordinatorCase,
  initProducerIdCase,
  produceCase(9),
  produceCase(12),
  addPartitionsToTxnCase,
  addOffsetsToTxnCase,
  txnOffsetCommitCase(3),
  txnOffsetCommitCase(5),
  endTxnCase(3),
  endTxnCase(5),
]
