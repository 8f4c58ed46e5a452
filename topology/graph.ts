// The immutable graph that the DSL describes and the runtime runs: nodes of one kind each, edges from parent to child by output port.
import type { RecordContext } from '../core/stream-record.ts'
import type { TopicConfig } from '../kafka/cluster.ts'
import type { Operator, TaskContext } from '../processors/operator.ts'
import type { SchemaRegistry } from '../serdes/schema-registry.ts'
import type { Serde } from '../serdes/serde.ts'
import type { SinkTable } from '../sinks/sink.ts'
import type { StoreDefinition } from '../state/definitions.ts'

/** A topic as the runtime needs it: its physical name, how it is created, how its bytes are read and written. */
export interface PhysicalTopic {
  readonly name: string
  readonly partitions: number
  readonly role: 'source' | 'output' | 'repartition' | 'changelog' | 'dead-letters'
  readonly config: Partial<TopicConfig>
  /** Resolves schema ids once, before the first batch. */
  readonly serdes: (registry: SchemaRegistry) => Promise<TopicSerdes>
}

export interface TopicSerdes {
  readonly key: Serde<unknown>
  readonly value: Serde<unknown>
}

interface NodeShape<Kind extends string> {
  readonly kind: Kind
  /** Unique in the topology; the label of its metrics. */
  readonly name: string
  readonly children: readonly Edge[]
}

export interface Edge {
  /** Output port of the parent. */
  readonly port: number
  readonly node: ProcessingNode
}

/** Reads a topic. `table`: a null value is a delete; `stream`: it is skipped and counted `tombstone`. */
export interface SourceNode extends NodeShape<'source'> {
  readonly topic: PhysicalTopic
  readonly as: 'stream' | 'table' | 'global table'
  /** Event time from the value, ms UTC; validated before any clock is touched. Undefined: the record's own (or, behind a repartition, the header's). */
  readonly timestamp: ((value: never) => number) | undefined
  /** A topic of dead letters: values are the whole record (runtime/dead-letters.ts). */
  readonly readsDeadLetters: boolean
}

/** Any step made of an operator. `describe` goes into the topology hash and the drawings. */
export interface OperatorNode extends NodeShape<'operator'> {
  readonly operation: string
  readonly stores: readonly StoreDefinition[]
  readonly instantiate: (context: TaskContext) => Operator
  /** What a task must not do to this operator's errors: how a throwing user function is answered. */
  readonly onError: 'fail' | 'skip' | 'dead letter'
  /** Global tables this operator reads, by source topic. */
  readonly globalTables: readonly string[]
}

/** Writes a topic: outputs, repartition topics and group topics alike; the partition follows the key's bytes (murmur2). */
export interface WriteNode extends NodeShape<'write'> {
  readonly topic: PhysicalTopic
}

/** Leaves the log for another system. Stands only in a sub-topology of kind `sink`. */
export interface SinkNode extends NodeShape<'sink'> {
  readonly table: SinkTable
  readonly toRow: (value: never, key: never, place: RecordContext) => Readonly<Record<string, unknown>>
}

export type ProcessingNode = OperatorNode | WriteNode | SinkNode

/** What runs as one task a partition: everything reachable without a topic between. */
export interface Subtopology {
  readonly id: number
  /** `sink`: stateless steps and sink nodes behind one source; no changelog, no Kafka transaction (exactly-once.md §4). */
  readonly kind: 'stream' | 'sink'
  readonly sources: readonly SourceNode[]
  /** All operator, write and sink nodes, parents before children. */
  readonly nodes: readonly ProcessingNode[]
  readonly stores: readonly StoreDefinition[]
  readonly partitions: number
  /** `<app>-<first source topic>-changelog`; absent for sinks. */
  readonly changelog: PhysicalTopic | undefined
  /** Sub-topologies that feed this one through repartition topics. */
  readonly upstream: readonly number[]
}

export interface CompiledTopology {
  readonly name: string
  /** Stable over runs and machines: of names, schemas and operations, not of code. */
  readonly hash: string
  readonly subtopologies: readonly Subtopology[]
  readonly globalTables: readonly SourceNode[]
  /** Every topic, once, in the order of first use. */
  readonly topics: readonly PhysicalTopic[]
  /** Where records go that cannot be read or that an operator rejects without naming a topic. */
  readonly deadLetters: PhysicalTopic
}
