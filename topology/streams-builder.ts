// Where a topology begins: its sources, and `build`.
import type { TaskContext } from '../processors/operator.ts'
import { StoredRows } from '../processors/row-lookup.ts'
import { TableStore } from '../processors/table-store.ts'
import { t } from '../serdes/schema.ts'
import type { SubjectStrategy } from '../serdes/subject.ts'
import type { KeyValueStoreDefinition } from '../state/definitions.ts'
import { compile } from './compile.ts'
import { type DescriptionFormat, describe } from './describe.ts'
import type { CompiledTopology } from './graph.ts'
import { StepGraph } from './step-graph.ts'
import type { AnyTopic, AnyValueTopic, SourceStep } from './steps.ts'
import type { GlobalTable, Stream, Table } from './stream.ts'
import { makers } from './stream-steps.ts'
import { addOperator } from './stream-traits.ts'
import { type DeadLetter, type DeadLetterTopic, deadLetterTopic, type Topic, topic } from './topic.ts'

export interface StreamsBuilderOptions {
  /** Where records go that cannot be read, or that a step refuses without naming a topic; default `<app>-dead-letters`. */
  readonly deadLetters?: AnyValueTopic & { readonly kind: 'dead-letter topic' }
  /** Under which subjects schemas are registered, of topics that do not say it themselves; default `TopicName`. */
  readonly subjects?: SubjectStrategy
}

/** What an application runs. */
export interface Topology extends CompiledTopology {
  /** `text` is Kafka Streams' own format. */
  describe(format?: DescriptionFormat): string
}

/** `new StreamsBuilder('sf311')`; the name prefixes everything that the application owns: internal topics, group, state. */
export class StreamsBuilder {
  private readonly name: string
  private readonly options: StreamsBuilderOptions
  private readonly graph = new StepGraph()

  constructor(name: string, options: StreamsBuilderOptions = {}) {
    this.name = name
    this.options = options
  }

  /** Every record of a topic; of a dead-letter topic whole dead letters, under their original key bytes. */
  stream<K, V>(source: Topic<K, V>): Stream<K, V>
  stream<K, V>(source: DeadLetterTopic<K, V>): Stream<Buffer | undefined, DeadLetter<V>>
  stream<K, V>(source: Topic<K, V> | DeadLetterTopic<K, V>): Stream<K, V> | Stream<Buffer | undefined, DeadLetter<V>> {
    const traits = this.traits(source.name, this.source(source, 'stream'))
    if (source.kind === 'topic') return makers.stream<K, V>({ ...traits, schema: source.value })
    return makers.stream<Buffer | undefined, DeadLetter<V>>({ ...traits, schema: undefined })
  }

  /** The latest value of each key; a record without a value deletes its row. */
  table<K, V>(source: Topic<K, V>, store: KeyValueStoreDefinition<K, NoInfer<V>>): Table<K, V, V> {
    const traits = { ...this.traits(store.name, this.source(source, 'table')), schema: source.value }
    const output = addOperator(
      traits,
      'table',
      {},
      ({ context, node }) => new TableStore(context, node, context.stores.keyValue(store)),
      { stores: [store] },
    )
    const rows = {
      store,
      open: ({ stores }: TaskContext) => new StoredRows(stores.keyValue(store), (row) => row),
    }
    return makers.table<K, V, V>({ ...traits, output }, rows)
  }

  /** A table that every worker holds whole, so that streams of any key and partition can be joined with it. Keys are texts or numbers. */
  globalTable<K extends string | number, V>(source: Topic<K, V>): GlobalTable<K, V> {
    this.source(source, 'global table')
    return { kind: 'global table', topic: source.name }
  }

  /** @throws StreamsError `topology` that names the mistake and the way out. */
  build(): Topology {
    const { deadLetters = defaultDeadLetters(this.name), subjects = 'TopicName' } = this.options
    const compiled = compile({ app: this.name, steps: this.graph.steps, deadLetters, subjects })
    return { ...compiled, describe: (format = 'text') => describe(compiled, format) }
  }

  private source(source: AnyTopic, as: SourceStep['as']): SourceStep {
    return this.graph.source(
      { operation: 'source', anchor: source.name },
      { inputs: [], topic: source, use: 'external', as },
    )
  }

  private traits(anchor: string, step: SourceStep) {
    const isProvisional = this.graph.steps.some(
      (other) => other.kind === 'write' && other.isProvisional && other.topic.name === step.topic.name,
    )
    return { graph: this.graph, output: { step, port: 0 }, anchor, isKeyed: true, isProvisional }
  }
}

function defaultDeadLetters(app: string): AnyValueTopic & { readonly kind: 'dead-letter topic' } {
  return deadLetterTopic(`${app}-dead-letters`, topic(app, { key: t.bytes, value: t.bytes }))
}
