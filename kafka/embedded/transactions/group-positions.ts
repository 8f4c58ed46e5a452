// The committed positions of every group: plain facts; the coordinator's journal makes them last.
import { type TopicPartition, topicPartitionName } from '../../../core/topic-partition.ts'
import type { Position } from '../../cluster.ts'

export interface CommittedPositions {
  readonly group: string
  readonly positions: readonly Position[]
}

export class GroupPositions {
  private readonly groups = new Map<string, Map<string, Position>>()

  apply({ group, positions }: CommittedPositions): void {
    const known = this.groups.get(group) ?? new Map<string, Position>()
    this.groups.set(group, known)
    for (const { topic, partition, offset } of positions) {
      known.set(topicPartitionName({ topic, partition }), { topic, partition, offset })
    }
  }

  get(group: string, place: TopicPartition): number | undefined {
    return this.groups.get(group)?.get(topicPartitionName(place))?.offset
  }

  forgetTopic(topic: string): void {
    for (const positions of this.groups.values()) {
      for (const [name, position] of positions) if (position.topic === topic) positions.delete(name)
    }
  }

  all(): CommittedPositions[] {
    return [...this.groups].map(([group, positions]) => ({ group, positions: [...positions.values()] }))
  }
}
