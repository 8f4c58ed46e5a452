// Cases of the messages about topics and their records.
import fc from 'fast-check'
import { apiVersions } from '../../../../kafka/remote/messages/api-versions.ts'
import { deleteRecords } from '../../../../kafka/remote/messages/delete-records.ts'
import { fetch } from '../../../../kafka/remote/messages/fetch.ts'
import { listOffsets } from '../../../../kafka/remote/messages/list-offsets.ts'
import { metadata } from '../../../../kafka/remote/messages/metadata.ts'
import {
  bytes,
  currentLeader,
  flat,
  int16,
  int32,
  int64,
  isolationLevel,
  type MessageCase,
  messageCase,
  pairs,
  plainNames,
  result,
  text,
  throttleTimeMs,
  underTopics,
  uuid,
  wireResult,
  wireTopics,
} from './message-values.ts'

const fetchCase = messageCase(
  fetch,
  fc
    .tuple(
      fc.record({ maxWaitMs: int32, minBytes: int32, maxBytes: int32, isolationLevel, partitionMaxBytes: int32 }),
      underTopics(fc.record({ partition: int32, offset: int64, leaderEpoch: int32 })),
    )
    .map(([limits, topics]) => ({
      ours: { ...limits, partitions: flat(topics) },
      onWire: {
        maxWaitMs: limits.maxWaitMs,
        minBytes: limits.minBytes,
        maxBytes: limits.maxBytes,
        isolationLevel: limits.isolationLevel,
        topics: wireTopics(topics, { topic: 'topic', items: 'partitions' }, ({ partition, offset, leaderEpoch }) => ({
          partition,
          currentLeaderEpoch: leaderEpoch,
          fetchOffset: offset,
          partitionMaxBytes: limits.partitionMaxBytes,
        })),
      },
    })),
  fc
    .tuple(
      int16,
      underTopics(
        fc.record({
          partition: int32,
          errorCode: int16,
          highWatermark: int64,
          lastStableOffset: int64,
          logStartOffset: int64,
          aborted: fc.array(fc.record({ producerId: int64, firstOffset: int64 }), { maxLength: 3 }),
          records: bytes,
        }),
      ),
    )
    .map(([errorCode, topics]) => ({
      ours: { errorCode, partitions: flat(topics) },
      onWire: {
        throttleTimeMs,
        errorCode,
        sessionId: 5,
        responses: wireTopics(topics, { topic: 'topic', items: 'partitions' }, ({ partition, aborted, ...rest }) => ({
          ...rest,
          partitionIndex: partition,
          abortedTransactions: aborted.length === 0 ? null : aborted,
          divergingEpoch: { epoch: 4, endOffset: 17 },
          currentLeader,
        })),
      },
    })),
)

const listOffsetsCase = messageCase(
  listOffsets,
  fc
    .tuple(isolationLevel, int64, underTopics(fc.record({ partition: int32, leaderEpoch: int32 })))
    .map(([level, timestamp, topics]) => ({
      ours: { isolationLevel: level, timestamp, partitions: flat(topics) },
      onWire: {
        replicaId: -1,
        isolationLevel: level,
        topics: wireTopics(topics, plainNames, ({ partition, leaderEpoch }) => ({
          partitionIndex: partition,
          currentLeaderEpoch: leaderEpoch,
          timestamp,
        })),
      },
    })),
  underTopics(fc.record({ partition: int32, errorCode: int16, offset: int64 })).map((topics) => ({
    ours: flat(topics),
    onWire: {
      throttleTimeMs,
      topics: wireTopics(topics, plainNames, ({ partition, errorCode, offset }) => ({
        partitionIndex: partition,
        errorCode,
        timestamp: 99,
        offset,
        leaderEpoch: 2,
      })),
    },
  })),
)

const metadataCase = messageCase(
  metadata,
  pairs(fc.record({ topics: fc.option(fc.array(text, { maxLength: 3 }), { nil: undefined }) }), ({ topics }) => ({
    topics: topics?.map((name) => ({ name })) ?? null,
    allowAutoTopicCreation: false,
  })),
  pairs(
    fc.record({
      brokers: fc.array(fc.record({ nodeId: int32, host: text, port: int32 }), { maxLength: 3 }),
      topics: fc.array(
        fc.record({
          errorCode: int16,
          name: text,
          topicId: uuid,
          isInternal: fc.boolean(),
          partitions: fc.array(
            fc.record({
              ...{ errorCode: int16, partition: int32, leaderId: int32, leaderEpoch: int32 },
              replicas: fc.array(int32, { maxLength: 3 }),
            }),
            { maxLength: 3 },
          ),
        }),
        { maxLength: 3 },
      ),
    }),
    ({ brokers, topics }) => ({
      throttleTimeMs,
      brokers,
      clusterId: 'c',
      topics: topics.map(({ partitions, ...topic }) => ({
        ...topic,
        partitions: partitions.map(({ partition, replicas, ...rest }) => ({
          ...rest,
          partitionIndex: partition,
          replicaNodes: replicas,
          isrNodes: [2],
        })),
      })),
    }),
  ),
)

const apiVersionsCase = messageCase(
  apiVersions,
  fc.constant({ ours: {}, onWire: { clientSoftwareName: 'millrace', clientSoftwareVersion: '1' } }),
  pairs(
    fc.record({
      errorCode: int16,
      apis: fc.array(fc.record({ key: int16, minVersion: int16, maxVersion: int16 }), { maxLength: 3 }),
      features: fc.array(fc.record({ name: text, level: int16 }), { maxLength: 3 }),
    }),
    ({ errorCode, apis, features }) => ({
      errorCode,
      throttleTimeMs,
      apiKeys: apis.map(({ key, ...range }) => ({ apiKey: key, ...range })),
      supportedFeatures: [{ name: 'metadata.version', minVersion: 1, maxVersion: 30 }],
      finalizedFeaturesEpoch: 12,
      finalizedFeatures: features.map(({ name, level }) => ({ name, maxVersionLevel: level, minVersionLevel: 1 })),
    }),
  ),
)

const deleteRecordsCase = messageCase(
  deleteRecords,
  fc.tuple(int32, underTopics(fc.record({ partition: int32, before: int64 }))).map(([timeoutMs, topics]) => ({
    ours: { timeoutMs, partitions: flat(topics) },
    onWire: {
      timeoutMs,
      topics: wireTopics(topics, plainNames, ({ partition, before }) => ({
        partitionIndex: partition,
        offset: before,
      })),
    },
  })),
  underTopics(result).map((topics) => ({
    ours: flat(topics),
    onWire: {
      throttleTimeMs,
      topics: wireTopics(topics, plainNames, (item) => ({ ...wireResult(item), lowWatermark: 5 })),
    },
  })),
)

export const readingMessages: readonly MessageCase[] = [
  fetchCase,
  listOffsetsCase,
  metadataCase,
  apiVersionsCase,
  deleteRecordsCase,
]
