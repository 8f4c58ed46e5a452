// Tables of windows: their results as a stream, and the inputs that made them.
import { JoinInput, type Lazy } from '../processors/join-input.ts'
import type { Extension, RecordClass } from '../serdes/schema.ts'
import { type Windowed, type WindowResult, windowResult } from '../serdes/windowed.ts'
import type { WindowStoreDefinition } from '../state/definitions.ts'
import { extending } from './record-extension.ts'
import type { StepGraph } from './step-graph.ts'
import type { OperatorStep } from './steps.ts'
import type { RekeyedStream, StepOptions, Stream, WindowedAggregatedTable, WindowedTable } from './stream.ts'
import { addOperator, type NewStream } from './stream-traits.ts'
import type { TimeWindows } from './windows.ts'

export interface WindowedTableTraits<in out K, in out A> {
  readonly graph: StepGraph
  /** Port 0: results by window; port 1: inputs with their results. */
  readonly step: OperatorStep
  readonly store: WindowStoreDefinition<K, A>
  readonly windows: TimeWindows
}

export class WindowedTableSteps<in out K, in out A> implements WindowedTable<K, A> {
  readonly kind = 'windowed table'
  protected readonly traits: WindowedTableTraits<K, A>
  protected readonly newStream: NewStream

  constructor(traits: WindowedTableTraits<K, A>, newStream: NewStream) {
    this.traits = traits
    this.newStream = newStream
  }

  toStream(): Stream<Windowed<K>, WindowResult<A>> {
    const { graph, step, store, windows } = this.traits
    return this.newStream<Windowed<K>, WindowResult<A>>({
      graph,
      output: { step, port: 0 },
      anchor: store.name,
      schema: windowResult(store.value),
      isKeyed: true,
      isProvisional: windows.emit === 'updates',
    })
  }
}

export class WindowedAggregatedTableSteps<in out K, in out A, in out SK, in out V>
  extends WindowedTableSteps<K, A>
  implements WindowedAggregatedTable<K, A, SK, V>
{
  joinInput<Out, R>(
    record: RecordClass<Out> & Extension<V, unknown>,
    fields: (result: A | undefined, input: () => V, key: SK) => R,
    { name }: StepOptions = {},
  ): RekeyedStream<SK, Out> {
    const { graph, step, store } = this.traits
    const extend = extending<V, R, Out>(record)
    const extendInput = (input: Lazy<V>, added: R) => extend(input.decode(), added)
    const output = addOperator(
      { graph, anchor: store.name, output: { step, port: 1 } },
      'joinInput',
      name === undefined ? {} : { name },
      () => new JoinInput(fields, extendInput),
    )
    return this.newStream<SK, Out>({
      graph,
      output,
      anchor: store.name,
      schema: record,
      isKeyed: false,
      isProvisional: false,
    })
  }
}
