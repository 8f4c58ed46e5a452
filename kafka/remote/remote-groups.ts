// The requests of group membership to a group's coordinator. A request that finds no coordinator in time is Retriable: the member tries again.
import { assert } from '../../core/assert.ts'
import { Retriable, StreamsError } from '../../core/errors.ts'
import type {
  GroupCoordinator,
  HeartbeatAnswer,
  JoinAnswer,
  JoinRequest,
  MemberIdentity,
  SyncRequest,
} from '../cluster.ts'
import { brokerError, errorCode } from './broker-errors.ts'
import { type Asker, type Coordinators, coordinatorOf } from './coordinators.ts'
import { unwrapUserData, wrapUserData } from './messages/consumer-protocol.ts'
import type { GroupMemberIdentity } from './messages/group-fields.ts'
import { heartbeat } from './messages/heartbeat.ts'
import { type JoinGroupAnswer, joinGroup } from './messages/join-group.ts'
import { leaveGroup } from './messages/leave-group.ts'
import type { Message } from './messages/message.ts'
import { syncGroup } from './messages/sync-group.ts'

export interface RemoteGroupsParts {
  readonly coordinators: Coordinators
  /** Of its own: joining and syncing wait for others, heartbeats must not wait behind them. */
  readonly links: Asker
  readonly requestTimeoutMs: number
}

export class RemoteGroups implements GroupCoordinator {
  private readonly parts: RemoteGroupsParts
  /** By group: who this process is in it. */
  private readonly memberships = new Map<string, GroupMemberIdentity>()

  constructor(parts: RemoteGroupsParts) {
    this.parts = parts
  }

  async join(request: JoinRequest): Promise<JoinAnswer> {
    const first = await this.joinOnce(request)
    // A member without an id is given one first, so that a lost answer does not leave an unknown member behind.
    const answer =
      first.errorCode === errorCode.memberIdRequired
        ? await this.joinOnce({ ...request, memberId: first.memberId })
        : first
    requireMember(answer, request.group, joinGroup.name)
    const members = answer.members.map(({ memberId, groupInstanceId, metadata }) => ({
      memberId,
      metadata: unwrapUserData(metadata),
      ...(groupInstanceId === undefined ? {} : { instanceId: groupInstanceId }),
    }))
    return { generation: answer.generationId, memberId: answer.memberId, leader: answer.leader, members }
  }

  async sync({ assignments, ...member }: SyncRequest): Promise<Buffer> {
    const wrapped = assignments.map(({ memberId, assignment }) => ({ memberId, assignment: wrapUserData(assignment) }))
    const request = { ...identityOf(member), assignments: wrapped }
    const answer = await this.ask(member.group, syncGroup, request)
    requireMember(answer, member.group, syncGroup.name)
    this.memberships.set(member.group, identityOf(member))
    return unwrapUserData(answer.assignment)
  }

  async heartbeat(member: MemberIdentity): Promise<HeartbeatAnswer> {
    const { errorCode: code } = await this.ask(member.group, heartbeat, identityOf(member))
    switch (code) {
      case errorCode.none:
        return 'ok'
      case errorCode.rebalanceInProgress:
      case errorCode.illegalGeneration:
        return 'rebalance'
      case errorCode.unknownMemberId:
        return 'unknown_member'
      case errorCode.fencedInstanceId:
        return 'fenced_instance'
      default:
        throw brokerError(code, heartbeat.name)
    }
  }

  /** Whoever is not a member any more has left. */
  async leave(member: MemberIdentity): Promise<void> {
    const { group, memberId, instanceId } = member
    if (this.memberships.get(group)?.memberId === memberId) this.memberships.delete(group)
    const request = { groupId: group, memberId, groupInstanceId: instanceId }
    const answer = await this.ask(group, leaveGroup, request)
    if (answer.errorCode !== errorCode.none) throw brokerError(answer.errorCode, leaveGroup.name)
    const [left] = answer.members
    assert(left !== undefined, 'one member was to leave')
    const isGone = ([errorCode.none, errorCode.unknownMemberId, errorCode.fencedInstanceId] as number[]).includes(
      left.errorCode,
    )
    if (!isGone) throw brokerError(left.errorCode, leaveGroup.name)
  }

  /** What goes with positions: a group that has members takes them from its members only. */
  identityIn(group: string): GroupMemberIdentity {
    const nobody = { groupId: group, generationId: -1, memberId: '', groupInstanceId: undefined }
    return this.memberships.get(group) ?? nobody
  }

  private joinOnce(request: JoinRequest): Promise<JoinGroupAnswer> {
    const { group, instanceId, ...rest } = request
    const metadata = wrapUserData(request.metadata)
    const join = { ...rest, metadata, groupId: group, groupInstanceId: instanceId }
    return this.ask(group, joinGroup, join, request.rebalanceTimeoutMs + this.parts.requestTimeoutMs)
  }

  private ask<Request, Answer extends { readonly errorCode: number }>(
    group: string,
    message: Message<Request, Answer>,
    request: Request,
    timeoutMs?: number,
  ): Promise<Answer> {
    return this.parts.coordinators.ask({
      keyType: coordinatorOf.group,
      key: group,
      message,
      request,
      errorOf: (answer) => answer.errorCode,
      isRepeatable: true,
      over: this.parts.links,
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
    })
  }
}

function identityOf({ group, generation, memberId, instanceId }: MemberIdentity): GroupMemberIdentity {
  return { groupId: group, generationId: generation, memberId, groupInstanceId: instanceId }
}

/** The codes that a member knows how to take, under the names it knows. */
function requireMember({ errorCode: code }: { readonly errorCode: number }, group: string, api: string): void {
  switch (code) {
    case errorCode.none:
      return
    case errorCode.unknownMemberId:
      throw new Retriable('unknown_member', `group ${group} does not know this member: join as a new one`)
    case errorCode.illegalGeneration:
      throw new Retriable('illegal_generation', `the generation of group ${group} is over: join again`)
    case errorCode.rebalanceInProgress:
      throw new Retriable('rebalance_in_progress', `group ${group} rebalances: join again`)
    case errorCode.fencedInstanceId:
      throw new StreamsError('fenced_instance', `another process has joined group ${group} under this instance id`)
    default:
      throw brokerError(code, api)
  }
}
