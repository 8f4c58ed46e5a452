// The assignor that the group's leader runs: balanced, sticky, and partition i of topics that are read together goes to one member.
import { type TopicPartition, topicPartitionName } from '../core/topic-partition.ts'

/** Topics that are read together, partition by partition: one sub-topology's input. */
export interface CopartitionedTopics {
  readonly topics: readonly string[]
  readonly partitions: number
}

/** What a member tells the leader. */
export interface Subscription {
  readonly copartitioned: readonly CopartitionedTopics[]
  /** What it holds, and since which generation: of two that claim the same, the newer is believed. */
  readonly held: readonly TopicPartition[]
  readonly generation: number
}

export interface Subscriber {
  readonly memberId: string
  /** Stable over restarts, so that equal situations give equal assignments. */
  readonly name: string
  readonly subscription: Subscription
}

interface Candidate {
  readonly subscriber: Subscriber
  /** All it has been given so far, of whatever set. */
  readonly assigned: TopicPartition[]
  units: number
}

/** Every partition of every set goes to exactly one of the members that subscribe to the set. */
export function assignPartitions(subscribers: readonly Subscriber[]): Map<string, readonly TopicPartition[]> {
  const candidates = subscribers
    .map((subscriber): Candidate => ({ subscriber, assigned: [], units: 0 }))
    .sort((a, b) => compareText(a.subscriber.name, b.subscriber.name))
  for (const [name, set] of setsOf(subscribers)) {
    const eligible = candidates.filter(({ subscriber }) => setNames(subscriber).includes(name))
    assignSet(set, eligible)
  }
  return new Map(candidates.map(({ subscriber, assigned }) => [subscriber.memberId, assigned]))
}

/** By partition: the id of the member that holds it. */
export function holdersOf(subscribers: readonly Subscriber[]): Map<string, string> {
  const oldestFirst = subscribers.toSorted((a, b) => a.subscription.generation - b.subscription.generation)
  return new Map(
    oldestFirst.flatMap(({ memberId, subscription }) =>
      subscription.held.map((place) => [topicPartitionName(place), memberId] as const),
    ),
  )
}

function assignSet(set: CopartitionedTopics, eligible: readonly Candidate[]): void {
  const owners = ownersOf(set, eligible)
  const room = quotas(set, eligible, owners)
  const orphans: number[] = []
  for (let partition = 0; partition < set.partitions; partition++) {
    const owner = owners[partition]
    if (owner === undefined || !give(set, partition, owner, room)) orphans.push(partition)
  }
  for (const partition of orphans) {
    const next = eligible.find((candidate) => (room.get(candidate) ?? 0) > 0)
    if (next !== undefined) give(set, partition, next, room)
  }
}

function give(set: CopartitionedTopics, partition: number, to: Candidate, room: Map<Candidate, number>): boolean {
  const left = room.get(to) ?? 0
  if (left === 0) return false
  room.set(to, left - 1)
  to.units++
  for (const topic of set.topics) to.assigned.push({ topic, partition })
  return true
}

/** An even share each; what does not divide goes to those with the least so far, then to those that hold the most. */
function quotas(
  set: CopartitionedTopics,
  eligible: readonly Candidate[],
  owners: readonly (Candidate | undefined)[],
): Map<Candidate, number> {
  const share = Math.floor(set.partitions / eligible.length)
  const extras = set.partitions % eligible.length
  const heldBy = (candidate: Candidate) => owners.filter((owner) => owner === candidate).length
  const ranked = eligible.toSorted((a, b) => a.units - b.units || heldBy(b) - heldBy(a))
  return new Map(ranked.map((candidate, rank) => [candidate, share + (rank < extras ? 1 : 0)]))
}

/** Who holds each partition of the set now; holding means its first topic. */
function ownersOf(set: CopartitionedTopics, eligible: readonly Candidate[]): (Candidate | undefined)[] {
  const owners: (Candidate | undefined)[] = Array.from({ length: set.partitions })
  const oldestFirst = eligible.toSorted(
    (a, b) => a.subscriber.subscription.generation - b.subscriber.subscription.generation,
  )
  for (const candidate of oldestFirst) {
    for (const { topic, partition } of candidate.subscriber.subscription.held) {
      if (topic === set.topics[0] && partition < set.partitions) owners[partition] = candidate
    }
  }
  return owners
}

function setsOf(subscribers: readonly Subscriber[]): [name: string, set: CopartitionedTopics][] {
  const sets = new Map<string, CopartitionedTopics>()
  for (const { subscription } of subscribers) for (const set of subscription.copartitioned) sets.set(setName(set), set)
  return [...sets].sort(([a], [b]) => compareText(a, b))
}

const setName = ({ topics, partitions }: CopartitionedTopics) => `${partitions} ${topics.join(' ')}`
const setNames = ({ subscription }: Subscriber) => subscription.copartitioned.map(setName)
const compareText = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0)
