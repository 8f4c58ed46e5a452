// What the DSL knows of a stream or table beside its types: its place in the graph and what may follow it.
import type { Operator } from '../processors/operator.ts'
import type { StepOfTask } from '../processors/record-operator.ts'
import type { Schema } from '../serdes/schema.ts'
import type { StepGraph } from './step-graph.ts'
import type { OperatorStep, Output, StepSurroundings } from './steps.ts'
import type { AggregatedTable, FunctionOptions, Stream, Table, TableRows } from './stream.ts'

export interface StreamTraits<out V> {
  readonly graph: StepGraph
  readonly output: Output
  /** The same records as bytes, for topics of the same schema. */
  readonly encoded?: Output | undefined
  /** Name of the nearest topic or store upstream. */
  readonly anchor: string
  /** Of the values, where a definition tells. */
  readonly schema: Schema<V> | undefined
  /** Whether the partition follows the key. */
  readonly isKeyed: boolean
  /** Whether it holds results that may still change. */
  readonly isProvisional: boolean
}

/** `output` gives TableChange records. */
export interface TableTraits<out V> extends Pick<StreamTraits<V>, 'graph' | 'output' | 'anchor' | 'schema'> {}

/** `output` gives, at INPUTS_PORT, inputs with their results. */
export interface InputsTraits extends Pick<StreamTraits<unknown>, 'graph' | 'output' | 'anchor'> {
  /** Of the inputs, as they travel. */
  readonly inputSchema: Schema<unknown>
}

/** Streams make tables and tables make streams: each gets the makers of the others, so that no file imports its importer. */
export interface Makers {
  readonly stream: <K, V>(traits: StreamTraits<V>) => Stream<K, V>
  readonly table: <K, V, S>(traits: TableTraits<V>, rows: TableRows<K>) => Table<K, V, S>
  readonly aggregated: <K, A, SK, V>(
    traits: TableTraits<A> & InputsTraits,
    rows: TableRows<K>,
  ) => AggregatedTable<K, A, SK, V>
}

/** Adds an operator that reads one stream. */
export function addOperator(
  { graph, anchor, output }: Pick<StreamTraits<unknown>, 'graph' | 'anchor' | 'output'>,
  operation: string,
  { name, onError = 'fail' }: FunctionOptions,
  operator: (step: StepOfTask, surroundings: StepSurroundings) => Operator,
  more: Partial<Pick<OperatorStep, 'stores' | 'globalTables' | 'deadLetters' | 'settings' | 'expiry'>> = {},
): Output {
  const step = graph.operator(
    { operation, anchor, explicit: name },
    {
      inputs: [output],
      onError,
      instantiate: (context, surroundings) => operator({ context, node: surroundings.node, onError }, surroundings),
      ...more,
    },
  )
  return { step, port: 0 }
}
