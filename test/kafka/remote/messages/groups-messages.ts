// Cases of the messages about groups: positions and membership.
import fc from 'fast-check'
import { heartbeat } from '../../../../kafka/remote/messages/heartbeat.ts'
import { joinGroup } from '../../../../kafka/remote/messages/join-group.ts'
import { leaveGroup } from '../../../../kafka/remote/messages/leave-group.ts'
import { offsetCommit } from '../../../../kafka/remote/messages/offset-commit.ts'
import { offsetFetch } from '../../../../kafka/remote/messages/offset-fetch.ts'
import { syncGroup } from '../../../../kafka/remote/messages/sync-group.ts'
import {
  bytes,
  errorOnly,
  flat,
  int16,
  int32,
  int64,
  type MessageCase,
  member,
  messageCase,
  optionalText,
  orNull,
  pairs,
  place,
  plainNames,
  position,
  resultsByTopic,
  text,
  throttleTimeMs,
  underTopics,
  wirePosition,
  wireTopics,
} from './message-values.ts'

const offsetFetchCase = messageCase(
  offsetFetch,
  fc.tuple(text, underTopics(place)).map(([groupId, topics]) => ({
    ours: { groupId, partitions: flat(topics) },
    onWire: {
      groups: [
        {
          groupId,
          topics: wireTopics(topics, { topic: 'name', items: 'partitionIndexes' }, ({ partition }) => partition),
        },
      ],
      requireStable: true,
    },
  })),
  fc
    .tuple(int16, underTopics(fc.record({ partition: int32, errorCode: int16, committedOffset: int64 })))
    .map(([errorCode, topics]) => ({
      ours: [{ errorCode, partitions: flat(topics) }],
      onWire: {
        throttleTimeMs,
        groups: [
          {
            groupId: 'g',
            errorCode,
            topics: wireTopics(topics, plainNames, ({ partition, ...rest }) => ({
              ...rest,
              partitionIndex: partition,
              metadata: null,
            })),
          },
        ],
      },
    })),
)

const offsetCommitCase = messageCase(
  offsetCommit,
  fc.tuple(member, underTopics(position)).map(([{ generationId, ...from }, topics]) => ({
    ours: { ...from, generationId, positions: flat(topics) },
    onWire: {
      ...from,
      generationIdOrMemberEpoch: generationId,
      groupInstanceId: orNull(from.groupInstanceId),
      topics: wireTopics(topics, plainNames, (item) => ({ ...wirePosition(item), committedMetadata: '' })),
    },
  })),
  resultsByTopic,
)

const joinGroupCase = messageCase(
  joinGroup,
  pairs(
    fc.record({
      groupId: text,
      sessionTimeoutMs: int32,
      rebalanceTimeoutMs: int32,
      memberId: text,
      groupInstanceId: optionalText,
      protocol: text,
      metadata: bytes,
    }),
    ({ groupInstanceId, protocol, metadata: content, ...rest }) => ({
      ...rest,
      groupInstanceId: orNull(groupInstanceId),
      protocolType: 'consumer',
      protocols: [{ name: protocol, metadata: content }],
    }),
  ),
  pairs(
    fc.record({
      errorCode: int16,
      generationId: int32,
      leader: text,
      memberId: text,
      members: fc.array(fc.record({ memberId: text, groupInstanceId: optionalText, metadata: bytes }), {
        maxLength: 3,
      }),
    }),
    ({ members, ...rest }) => ({
      throttleTimeMs,
      ...rest,
      protocolType: 'consumer',
      protocolName: 'p',
      members: members.map((one) => ({ ...one, groupInstanceId: orNull(one.groupInstanceId) })),
    }),
  ),
)

const syncGroupCase = messageCase(
  syncGroup,
  pairs(
    fc
      .tuple(member, fc.array(fc.record({ memberId: text, assignment: bytes }), { maxLength: 3 }))
      .map(([who, assignments]) => ({ ...who, assignments })),
    (request) => ({ ...request, groupInstanceId: orNull(request.groupInstanceId) }),
  ),
  pairs(fc.record({ errorCode: int16, assignment: bytes }), (answer) => ({ throttleTimeMs, ...answer })),
)

const heartbeatCase = messageCase(
  heartbeat,
  pairs(member, (request) => ({ ...request, groupInstanceId: orNull(request.groupInstanceId) })),
  errorOnly,
)

const leaveGroupCase = messageCase(
  leaveGroup,
  pairs(
    fc.record({ groupId: text, memberId: text, groupInstanceId: optionalText }),
    ({ groupId, memberId, groupInstanceId }) => ({
      groupId,
      members: [{ memberId, groupInstanceId: orNull(groupInstanceId) }],
    }),
  ),
  pairs(
    fc.record({
      errorCode: int16,
      members: fc.array(fc.record({ memberId: text, errorCode: int16 }), { maxLength: 2 }),
    }),
    (answer) => ({ throttleTimeMs, ...answer }),
  ),
)

export const groupsMessages: readonly MessageCase[] = [
  offsetFetchCase,
  offsetCommitCase,
  joinGroupCase,
  syncGroupCase,
  heartbeatCase,
  leaveGroupCase,
]
