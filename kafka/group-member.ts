// One member of a group: joins, syncs, heartbeats and joins again when the group changes. The leader among the members assigns
// (group-assignor.ts). What is assigned stays in force during a rebalance: fencing comes from the log, not from here.
import type { Clock } from '../core/clock.ts'
import { Retriable, StreamsError } from '../core/errors.ts'
import { type TopicPartition, topicPartitionName } from '../core/topic-partition.ts'
import type { Cluster, GroupMetadata, HeartbeatAnswer, JoinAnswer, MemberIdentity } from './cluster.ts'
import { assignPartitions, type CopartitionedTopics, holdersOf, type Subscription } from './group-assignor.ts'

export interface GroupMemberOptions {
  readonly cluster: Pick<Cluster, 'groups'>
  readonly group: string
  /** A static member: a restart under the same id takes its predecessor's place. */
  readonly instanceId?: string
  readonly clock: Clock
  readonly sessionTimeoutMs: number
  readonly rebalanceTimeoutMs: number
  readonly heartbeatIntervalMs: number
  readonly copartitioned: readonly CopartitionedTopics[]
  /** Called, synchronously, whenever `assignment` is new. */
  readonly onChange?: (assignment: Assignment) => void
  /** Called once when membership is over for good, e.g. because another process took the instance id. */
  readonly onFailure?: (failure: StreamsError) => void
}

export interface Assignment {
  readonly generation: number
  readonly partitions: readonly AssignedPartition[]
}

export interface AssignedPartition extends TopicPartition {
  /**
   * The id of the member that it goes to, if it comes from another one that is there and will let go of it. A static member that was
   * restarted finds its predecessor's id here, and what it has lost nobody hands over.
   */
  readonly handedTo?: string
}

const protocol = 'millrace-sticky-1'

export class GroupMember {
  private readonly options: GroupMemberOptions
  private readonly stopping = new AbortController()
  private running: Promise<void> | undefined
  private current: Assignment | undefined
  private fatal: StreamsError | undefined
  private joinedGeneration = -1
  private id = ''

  constructor(options: GroupMemberOptions) {
    this.options = options
  }

  /** The newest assignment; undefined until the first one has come. */
  get assignment(): Assignment | undefined {
    return this.current
  }

  /** Why membership is over; undefined while it is not. */
  get failure(): StreamsError | undefined {
    return this.fatal
  }

  /** −1 until the first join. */
  get generation(): number {
    return this.joinedGeneration
  }

  /** Whether another living member held the partition when it was assigned to this one. */
  isHandedOver({ topic, partition }: TopicPartition): boolean {
    return (this.current?.partitions ?? []).some(
      (place) => place.topic === topic && place.partition === partition && place.handedTo === this.id,
    )
  }

  get memberId(): string {
    return this.id
  }

  /** What goes with positions committed inside a transaction. */
  get metadata(): GroupMetadata {
    return this.identity()
  }

  /** Begins; assignments arrive from now on. */
  start(): void {
    this.running ??= this.run()
  }

  /** Whether a heartbeat is accepted in the current generation, asked for now. */
  async confirmed(): Promise<boolean> {
    if (this.id === '' || this.current?.generation !== this.joinedGeneration) return false
    return (await this.heartbeat()) === 'ok'
  }

  /** Ends membership so that the others need not wait for the session to time out. */
  async leave(): Promise<void> {
    this.stop()
    // A join under way ends with this as well: its member is gone.
    if (this.id !== '') await this.options.cluster.groups.leave(this.identity())
    await this.running
  }

  /** Stops heartbeating without leaving: a static member that comes back within its session keeps its place. */
  stop(): void {
    this.stopping.abort()
  }

  private async run(): Promise<void> {
    const { clock, heartbeatIntervalMs } = this.options
    while (!this.isStopped()) {
      try {
        await this.joinOnce()
        await this.heartbeatUntilRebalance()
      } catch (error) {
        if (!this.survives(error)) return
        await clock.sleep(heartbeatIntervalMs, this.stopping.signal)
      }
    }
  }

  private async joinOnce(): Promise<void> {
    const { cluster, group, instanceId, sessionTimeoutMs, rebalanceTimeoutMs } = this.options
    const answer = await cluster.groups.join({
      group,
      memberId: this.id,
      ...(instanceId === undefined ? {} : { instanceId }),
      sessionTimeoutMs,
      rebalanceTimeoutMs,
      protocol,
      metadata: encode(this.subscription()),
    })
    this.id = answer.memberId
    this.joinedGeneration = answer.generation
    if (this.isStopped()) return await cluster.groups.leave(this.identity())
    const assignments = answer.leader === answer.memberId ? assignmentsOf(answer) : []
    this.accept(await cluster.groups.sync({ ...this.identity(), assignments }))
  }

  private accept(assignment: Buffer): void {
    const partitions = assignment.length === 0 ? [] : (decode(assignment) as AssignedPartition[]) // written by `assignmentsOf`
    this.current = { generation: this.joinedGeneration, partitions }
    this.options.onChange?.(this.current)
  }

  private async heartbeatUntilRebalance(): Promise<void> {
    const { clock, heartbeatIntervalMs } = this.options
    while (!this.isStopped()) {
      await clock.sleep(heartbeatIntervalMs, this.stopping.signal)
      if (this.isStopped()) return
      const answer = await this.heartbeat()
      if (answer === 'rebalance') return
      if (answer === 'unknown_member') throw new Retriable('unknown_member', 'the session of this member was over')
      if (answer === 'fenced_instance') {
        throw new StreamsError('fenced_instance', `another process has joined as ${this.options.instanceId}`)
      }
    }
  }

  /** A heartbeat that could not be answered now is no reason to disturb the group: the next one may be. */
  private async heartbeat(): Promise<HeartbeatAnswer | 'unanswered'> {
    try {
      return await this.options.cluster.groups.heartbeat(this.identity())
    } catch (error) {
      if (error instanceof Retriable) return 'unanswered'
      throw error
    }
  }

  /** Whether the loop goes on after `error`. */
  private survives(error: unknown): boolean {
    if (error instanceof Retriable) {
      if (error.code === 'unknown_member') this.id = ''
      return true
    }
    if (this.isStopped()) return false
    this.fatal =
      error instanceof StreamsError
        ? error
        : new StreamsError('membership_lost', 'group membership failed', { cause: error })
    this.options.onFailure?.(this.fatal)
    return false
  }

  private identity(): MemberIdentity {
    const { group, instanceId } = this.options
    const identity = { group, generation: this.joinedGeneration, memberId: this.id }
    return instanceId === undefined ? identity : { ...identity, instanceId }
  }

  private subscription(): Subscription {
    const { copartitioned } = this.options
    const held = (this.current?.partitions ?? []).map(({ topic, partition }) => ({ topic, partition }))
    return { copartitioned, held, generation: this.current?.generation ?? -1 }
  }

  private isStopped(): boolean {
    return this.stopping.signal.aborted
  }
}

function assignmentsOf({ members }: JoinAnswer): { readonly memberId: string; readonly assignment: Buffer }[] {
  const subscribers = members.map(({ memberId, instanceId, metadata }) => ({
    memberId,
    name: instanceId ?? memberId,
    subscription: decode(metadata) as Subscription, // written by `joinOnce` of another member
  }))
  const holders = holdersOf(subscribers)
  const assigned = (place: TopicPartition, memberId: string): AssignedPartition => {
    const holder = holders.get(topicPartitionName(place))
    return holder === undefined || holder === memberId ? place : { ...place, handedTo: memberId }
  }
  return [...assignPartitions(subscribers)].map(([memberId, partitions]) => ({
    memberId,
    assignment: encode(partitions.map((place) => assigned(place, memberId))),
  }))
}

const encode = (content: unknown): Buffer => Buffer.from(JSON.stringify(content))
const decode = (content: Buffer): unknown => JSON.parse(content.toString())
