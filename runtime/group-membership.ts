// The tasks that a consumer group gives this worker: topic-partitions of the group's word, as tasks of the topology.
import type { TaskId } from '../core/topic-partition.ts'
import { type Assignment, GroupMember, type GroupMemberOptions } from '../kafka/group-member.ts'
import type { CompiledTopology } from '../topology/graph.ts'
import type { Membership } from './membership.ts'

export type GroupOptions = Omit<GroupMemberOptions, 'group' | 'copartitioned' | 'onChange'>

/** Joins the group named after the application; tasks come as soon as the group has settled. */
export function joinGroup(topology: CompiledTopology, options: GroupOptions): Membership {
  const copartitioned = topology.subtopologies.map(({ sources, partitions }) => ({
    topics: sources.map(({ topic }) => topic.name),
    partitions,
  }))
  let tasks: readonly TaskId[] = []
  const listeners: (() => void)[] = []
  const member = new GroupMember({
    ...options,
    group: topology.name,
    copartitioned,
    onChange: (assignment) => {
      tasks = tasksOf(topology, assignment)
      for (const listener of listeners) listener()
    },
  })
  member.start()
  return {
    assigned: () => {
      if (member.failure !== undefined) throw member.failure
      return tasks
    },
    onChange: (listener) => {
      listeners.push(listener)
    },
    isHandedOver: ({ subtopology, partition }) => {
      const topic = topology.subtopologies[subtopology]?.sources[0]?.topic.name
      return topic !== undefined && member.isHandedOver({ topic, partition })
    },
    // Without generation and member: with them a commit during a rebalance would be refused, and cost an incarnation. Fencing comes from the log.
    metadata: () => ({ group: topology.name, generation: -1, memberId: '' }),
    confirmed: () => member.confirmed(),
    leave: () => member.leave(),
  }
}

/** A task is named by the partition of its first source; its others come with it, since they are assigned together. */
function tasksOf({ subtopologies }: CompiledTopology, { partitions }: Assignment): TaskId[] {
  const first = new Map(subtopologies.map(({ id, sources }) => [sources[0]?.topic.name, id]))
  return partitions.flatMap(({ topic, partition }) => {
    const subtopology = first.get(topic)
    return subtopology === undefined ? [] : [{ subtopology, partition }]
  })
}
