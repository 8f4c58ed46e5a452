// What the DSL adds to the graph: one immutable step an operation, each pointing to the outputs it reads. compile.ts makes tasks of them.
import type { RecordContext } from '../core/stream-record.ts'
import type { TopicConfig } from '../kafka/cluster.ts'
import type { Operator, TaskContext } from '../processors/operator.ts'
import type { OnError } from '../processors/user-functions.ts'
import type { Schema } from '../serdes/schema.ts'
import type { SubjectStrategy } from '../serdes/subject.ts'
import type { SinkTable } from '../sinks/sink.ts'
import type { StoreDefinition } from '../state/definitions.ts'
import type { OwnSerde } from './topic.ts'

/** One output port of a step. */
export interface Output {
  readonly step: Step
  readonly port: number
}

interface StepShape<Kind extends string> {
  readonly kind: Kind
  /** Place in the order of declaration. */
  readonly index: number
  readonly name: string
  readonly inputs: readonly Output[]
}

interface AnyTopicShape {
  readonly name: string
  readonly partitions: number
  readonly config: Partial<TopicConfig>
  readonly key: Schema<unknown>
}

/** A definition of a topic, its types forgotten. */
export interface AnyValueTopic extends AnyTopicShape {
  readonly kind: 'topic' | 'dead-letter topic'
  readonly value: Schema<unknown>
  readonly timestamp: ((value: never) => number) | undefined
  readonly format: 'avro' | 'json' | 'own'
  readonly subjects: SubjectStrategy | undefined
  readonly serde: OwnSerde | undefined
}

export interface AnyGroupTopic extends AnyTopicShape {
  readonly kind: 'group topic'
  readonly entry: Schema<unknown>
  readonly sourceKey: Schema<unknown>
  readonly sourceValue: Schema<unknown>
}

export type AnyTopic = AnyValueTopic | AnyGroupTopic

/** `internal`: the application's own way to re-key; its name gets the application's prefix. */
export type TopicUse = 'external' | 'internal'

export interface SourceStep extends StepShape<'source'> {
  readonly topic: AnyTopic
  readonly use: TopicUse
  readonly as: 'stream' | 'table' | 'global table'
}

/** What a step knows once the graph is complete. */
export interface StepSurroundings {
  /** The step's name. */
  readonly node: string
  /** Output ports that somebody reads. */
  readonly listeners: ReadonlySet<number>
  /** What steps behind it say about changes that come too late. */
  readonly expiries: readonly Expiry[]
}

/** A rule for changes of a table, of a step behind it that cannot take them any more. */
export interface Expiry {
  readonly table: Step
  isExpired(before: unknown, after: unknown, clock: number): boolean
}

export interface OperatorStep extends StepShape<'operator'> {
  readonly operation: string
  readonly stores: readonly StoreDefinition[]
  /** Source topics of the global tables it reads. */
  readonly globalTables: readonly string[]
  readonly onError: OnError
  readonly instantiate: (context: TaskContext, surroundings: StepSurroundings) => Operator
  /** The topic it refuses records to. */
  readonly deadLetters: AnyTopic | undefined
  /** What else makes the step what it is, for the topology's hash: windows, policies. */
  readonly settings: string
  readonly expiry: Expiry | undefined
}

export interface WriteStep extends StepShape<'write'> {
  readonly topic: AnyTopic
  readonly use: TopicUse
  /** Whether it holds results that may still change. */
  readonly isProvisional: boolean
}

export interface SinkStep extends StepShape<'sink'> {
  readonly table: SinkTable
  readonly toRow: (value: never, key: never, place: RecordContext) => Readonly<Record<string, unknown>>
}

export type Step = SourceStep | OperatorStep | WriteStep | SinkStep
