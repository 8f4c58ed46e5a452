// Names of places in the log: topic-partitions and the tasks that read them.

export interface TopicPartition {
  readonly topic: string
  readonly partition: number
}

/** `topic-partition` as Kafka's own tools print it; unique, so it serves as a map key. */
export function topicPartitionName({ topic, partition }: TopicPartition): string {
  return `${topic}-${partition}`
}

/** A task is one partition of one sub-topology; `name` is Kafka Streams' `<sub>_<partition>`. */
export interface TaskId {
  readonly subtopology: number
  readonly partition: number
}

export function taskName({ subtopology, partition }: TaskId): string {
  return `${subtopology}_${partition}`
}
