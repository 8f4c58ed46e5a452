// Group membership in this process: finds the group of each request; a group itself is group.ts.
import type { Clock } from '../../../core/clock.ts'
import type { Random } from '../../../core/random.ts'
import type {
  GroupCoordinator,
  HeartbeatAnswer,
  JoinAnswer,
  JoinRequest,
  MemberIdentity,
  SyncRequest,
} from '../../cluster.ts'
import { Group } from './group.ts'

export class EmbeddedGroups implements GroupCoordinator {
  private readonly clock: Clock
  private readonly random: Random
  private readonly groups = new Map<string, Group>()

  constructor(clock: Clock, random: Random) {
    this.clock = clock
    this.random = random
  }

  async join(request: JoinRequest): Promise<JoinAnswer> {
    return await this.group(request.group).join(request)
  }

  async sync(request: SyncRequest): Promise<Buffer> {
    return await this.group(request.group).sync(request)
  }

  async heartbeat(member: MemberIdentity): Promise<HeartbeatAnswer> {
    return this.group(member.group).heartbeat(member)
  }

  async leave(member: MemberIdentity): Promise<void> {
    this.group(member.group).leave(member)
  }

  /** Lets go of members whose session is over. */
  maintain(): void {
    for (const group of this.groups.values()) group.expireSessions()
  }

  /** @throws ProducerFenced when the member is not of the group's current generation. */
  requireCurrent(member: MemberIdentity): void {
    this.group(member.group).requireCurrent(member)
  }

  private group(name: string): Group {
    const group = this.groups.get(name) ?? new Group(name, this.clock, this.random)
    this.groups.set(name, group)
    return group
  }
}
