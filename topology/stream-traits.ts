// What the DSL knows of a stream or table beside its types: its place in the graph and what may follow it.

import type { Operator } from '../processors/operator.ts'
import type { StepOfTask } from '../processors/record-operator.ts'
import type { Schema } from '../serdes/schema.ts'
import type { StepGraph } from './step-graph.ts'
import type { OperatorStep, Output } from './steps.ts'
import type { FunctionOptions, Stream } from './stream.ts'

export interface StreamTraits<out V> {
  readonly graph: StepGraph
  readonly output: Output
  /** Name of the nearest topic or store upstream. */
  readonly anchor: string
  /** Of the values, where a definition tells. */
  readonly schema: Schema<V> | undefined
  /** Whether the partition follows the key. */
  readonly isKeyed: boolean
  /** Whether it holds results that may still change. */
  readonly isProvisional: boolean
}

/** Tables make streams and streams make tables; this is how tables do it. */
export type NewStream = <K, V>(traits: StreamTraits<V>) => Stream<K, V>

/** Adds an operator that reads one stream. */
export function addOperator(
  { graph, anchor, output }: Pick<StreamTraits<unknown>, 'graph' | 'anchor' | 'output'>,
  operation: string,
  { name, onError = 'fail' }: FunctionOptions,
  operator: (step: StepOfTask) => Operator,
  more: Partial<Pick<OperatorStep, 'stores' | 'globalTables' | 'deadLetters' | 'settings'>> = {},
): Output {
  const step = graph.operator(
    { operation, anchor, explicit: name },
    {
      inputs: [output],
      onError,
      instantiate: (context, { node }) => operator({ context, node, onError }),
      ...more,
    },
  )
  return { step, port: 0 }
}
