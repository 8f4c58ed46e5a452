// One group of the classic protocol: members join, the leader assigns, everybody syncs, heartbeats keep the session.
//
//            join, leave, lost session              all joined, or time is up             leader syncs
//   stable ───────────────────────────▶ joining ─────────────────────────────▶ syncing ─────────────▶ stable
//                                          ▲                                      │ join, leave, lost session
//                                          └──────────────────────────────────────┘
// Time passes only when somebody calls or waits: there are no timers of its own.
import type { Clock } from '../../../core/clock.ts'
import { ProducerFenced, Retriable, StreamsError } from '../../../core/errors.ts'
import { type Random, randomUuid } from '../../../core/random.ts'
import type { HeartbeatAnswer, JoinAnswer, JoinRequest, MemberIdentity, SyncRequest } from '../../cluster.ts'
import { WaitList, waitForAny } from '../wait-list.ts'

interface Member {
  readonly memberId: string
  request: JoinRequest
  seenMs: number
  /** Asked to join the generation that is being formed. */
  hasJoined: boolean
  assignment: Buffer
}

export class Group {
  private readonly name: string
  private readonly clock: Clock
  private readonly random: Random
  private readonly changed = new WaitList()
  private readonly members = new Map<string, Member>()
  /** Member ids of static instances; another member id of the same instance is a duplicate. */
  private readonly instances = new Map<string, string>()
  private state: 'joining' | 'syncing' | 'stable' = 'stable'
  private generation = 0
  private leader = ''
  private joinDeadline = 0

  constructor(name: string, clock: Clock, random: Random) {
    this.name = name
    this.clock = clock
    this.random = random
  }

  async join(request: JoinRequest): Promise<JoinAnswer> {
    this.expireSessions()
    const member = this.admit(request)
    if (this.state !== 'joining') this.beginJoining()
    member.hasJoined = true
    this.extendDeadline()
    this.completeJoining()
    const awaited = this.generation
    while (this.state === 'joining' && this.generation === awaited && this.members.has(member.memberId)) {
      await waitForAny([this.changed], this.clock, Math.max(1, this.nextEventMs() - this.clock.now()))
      member.seenMs = this.clock.now()
      this.expireSessions()
      this.completeJoining()
    }
    if (this.members.get(member.memberId) !== member) throw this.notMember(request)
    return this.joinAnswer(member)
  }

  async sync(request: SyncRequest): Promise<Buffer> {
    this.expireSessions()
    const member = this.current(request)
    if (this.state === 'syncing' && this.leader === member.memberId) this.assign(request)
    const deadline = this.clock.now() + member.request.rebalanceTimeoutMs
    while (this.state === 'syncing' && this.generation === request.generation) {
      const left = deadline - this.clock.now()
      if (left <= 0) this.beginJoining()
      else await waitForAny([this.changed], this.clock, left)
      member.seenMs = this.clock.now()
    }
    if (this.state === 'stable' && this.current(request) === member) return member.assignment
    throw new Retriable('rebalance_in_progress', `group ${this.name} rebalances: join again`)
  }

  heartbeat(identity: MemberIdentity): HeartbeatAnswer {
    this.expireSessions()
    if (this.isDuplicate(identity)) return 'fenced_instance'
    const member = this.members.get(identity.memberId)
    if (member === undefined) return 'unknown_member'
    member.seenMs = this.clock.now()
    return this.state === 'joining' || identity.generation !== this.generation ? 'rebalance' : 'ok'
  }

  leave(identity: MemberIdentity): void {
    if (this.isDuplicate(identity)) return
    if (this.remove(identity.memberId)) this.afterLoss()
  }

  expireSessions(): void {
    const now = this.clock.now()
    const lost = [...this.members.values()].filter((member) => now > sessionEnd(member) && !this.isWaiting(member))
    for (const { memberId } of lost) this.remove(memberId)
    if (lost.length > 0) this.afterLoss()
  }

  requireCurrent(identity: MemberIdentity): void {
    this.expireSessions()
    const member = this.isDuplicate(identity) ? undefined : this.members.get(identity.memberId)
    if (member !== undefined && identity.generation === this.generation) return
    throw new ProducerFenced(
      'illegal_generation',
      `${identity.memberId} is not in the current generation of ${this.name}`,
    )
  }

  // ---- members

  private admit(request: JoinRequest): Member {
    if (this.isDuplicate(request)) throw this.notMember(request)
    const known = this.members.get(request.memberId)
    if (known !== undefined) {
      known.request = request
      known.seenMs = this.clock.now()
      return known
    }
    if (request.memberId !== '') throw this.notMember(request)
    return this.addMember(request)
  }

  /** A static instance that comes again takes the place of its predecessor, which is fenced from now on. */
  private addMember(request: JoinRequest): Member {
    const { instanceId } = request
    const memberId = `${instanceId ?? 'member'}-${randomUuid(this.random)}`
    if (instanceId !== undefined) {
      this.members.delete(this.instances.get(instanceId) ?? '')
      this.instances.set(instanceId, memberId)
    }
    const member = { memberId, request, seenMs: this.clock.now(), hasJoined: false, assignment: Buffer.alloc(0) }
    this.members.set(memberId, member)
    return member
  }

  private remove(memberId: string): boolean {
    const instanceId = this.members.get(memberId)?.request.instanceId
    if (instanceId !== undefined) this.instances.delete(instanceId)
    return this.members.delete(memberId)
  }

  private afterLoss(): void {
    if (this.members.size === 0) this.state = 'stable'
    else if (this.state === 'joining') this.completeJoining()
    else this.beginJoining()
    this.changed.wakeAll()
  }

  private isDuplicate({ instanceId, memberId }: { readonly instanceId?: string; readonly memberId: string }): boolean {
    if (instanceId === undefined || memberId === '') return false
    return (this.instances.get(instanceId) ?? memberId) !== memberId
  }

  private current(identity: MemberIdentity): Member {
    const member = this.isDuplicate(identity) ? undefined : this.members.get(identity.memberId)
    if (member === undefined) throw this.notMember(identity)
    member.seenMs = this.clock.now()
    if (identity.generation === this.generation && this.state !== 'joining') return member
    throw new Retriable(
      'illegal_generation',
      `generation ${identity.generation} of group ${this.name} is over: join again`,
    )
  }

  private notMember(identity: { readonly instanceId?: string; readonly memberId: string }): StreamsError {
    if (this.isDuplicate(identity)) {
      return new StreamsError(
        'fenced_instance',
        `another process has joined group ${this.name} as ${identity.instanceId}`,
      )
    }
    return new Retriable('unknown_member', `group ${this.name} has no member ${identity.memberId}: join as a new one`)
  }

  // ---- generations

  private beginJoining(): void {
    this.state = 'joining'
    this.joinDeadline = 0
    for (const member of this.members.values()) member.hasJoined = false
    this.extendDeadline()
    this.changed.wakeAll()
  }

  /** Everybody gets the time that the slowest member asks for. */
  private extendDeadline(): void {
    if (this.joinDeadline > 0) return
    const timeouts = [...this.members.values()].map(({ request }) => request.rebalanceTimeoutMs)
    this.joinDeadline = this.clock.now() + Math.max(0, ...timeouts)
  }

  private completeJoining(): void {
    if (this.state !== 'joining') return
    const isTimeUp = this.clock.now() >= this.joinDeadline
    const absent = [...this.members.values()].filter(({ hasJoined }) => !hasJoined)
    if (absent.length > 0 && !isTimeUp) return
    for (const { memberId } of absent) this.remove(memberId)
    if (this.members.size === 0) return
    this.state = 'syncing'
    this.generation++
    if (!this.members.has(this.leader)) this.leader = this.members.keys().next().value ?? ''
    this.changed.wakeAll()
  }

  private assign({ assignments }: SyncRequest): void {
    for (const member of this.members.values()) {
      member.assignment =
        assignments.find(({ memberId }) => memberId === member.memberId)?.assignment ?? Buffer.alloc(0)
    }
    this.state = 'stable'
    this.changed.wakeAll()
  }

  private joinAnswer(member: Member): JoinAnswer {
    const members = [...this.members.values()].map(({ memberId, request }) => ({
      memberId,
      metadata: request.metadata,
      ...(request.instanceId === undefined ? {} : { instanceId: request.instanceId }),
    }))
    const isLeader = this.leader === member.memberId
    return {
      generation: this.generation,
      memberId: member.memberId,
      leader: this.leader,
      members: isLeader ? members : [],
    }
  }

  /** When waiting joiners must look again: time is up, or the session of somebody absent is over. */
  private nextEventMs(): number {
    const absent = [...this.members.values()].filter((member) => !this.isWaiting(member))
    return Math.min(this.joinDeadline, ...absent.map((member) => sessionEnd(member) + 1))
  }

  private isWaiting(member: Member): boolean {
    return this.state === 'joining' && member.hasJoined
  }
}

const sessionEnd = ({ seenMs, request }: Member) => seenMs + request.sessionTimeoutMs
