// Where a topology begins: sources of streams and tables, and `build`.

import { t } from '../serdes/schema.ts'
import { compile } from './compile.ts'
import type { CompiledTopology } from './graph.ts'
import { StepGraph } from './step-graph.ts'
import type { AnyValueTopic, SourceStep } from './steps.ts'
import type { Stream } from './stream.ts'
import { newStream } from './stream-steps.ts'
import { type DeadLetterTopic, deadLetterTopic, type Topic, topic } from './topic.ts'

export interface StreamsBuilderOptions {
  /** Where records go that cannot be read, or that a step refuses without naming a topic; default `<app>-dead-letters`. */
  readonly deadLetters?: AnyValueTopic & { readonly kind: 'dead-letter topic' }
}

export type Topology = CompiledTopology

/** `new StreamsBuilder('sf311')`; the name prefixes everything the application owns: internal topics, groups, stores. */
export class StreamsBuilder {
  private readonly name: string
  private readonly options: StreamsBuilderOptions
  private readonly graph = new StepGraph()

  constructor(name: string, options: StreamsBuilderOptions = {}) {
    this.name = name
    this.options = options
  }

  stream<K, V>(source: Topic<K, V>): Stream<K, V> {
    return newStream<K, V>({ ...this.traits(source.name, this.source(source)), schema: source.value })
  }

  build(): Topology {
    const deadLetters = this.options.deadLetters ?? defaultDeadLetters(this.name)
    return compile({ app: this.name, steps: this.graph.steps, deadLetters })
  }

  private source(source: SourceStep['topic']): SourceStep {
    const place = { operation: 'source', anchor: source.name }
    return this.graph.source(place, { inputs: [], topic: source, use: 'external', as: 'stream' })
  }

  private traits(anchor: string, step: SourceStep) {
    const output = { step, port: 0 }
    return { graph: this.graph, output, anchor, isKeyed: true, isProvisional: false }
  }
}

function defaultDeadLetters(app: string): DeadLetterTopic<Buffer, Buffer> {
  return deadLetterTopic(`${app}-dead-letters`, topic(app, { key: t.bytes, value: t.bytes }))
}
