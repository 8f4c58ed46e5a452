// Tables of windows: their results as a stream, and the inputs that made them.
import type { Extension, RecordClass, Schema } from '../serdes/schema.ts'
import { type Windowed, type WindowResult, windowResult } from '../serdes/windowed.ts'
import { addJoinInput } from './join-input-step.ts'
import type { StepGraph } from './step-graph.ts'
import type { Output } from './steps.ts'
import type { RekeyedStream, StepOptions, Stream, WindowedAggregatedTable, WindowedTable } from './stream.ts'
import type { InputsTraits, Makers } from './stream-traits.ts'

export interface WindowedTableTraits<out A> {
  readonly graph: StepGraph
  /** Results by window. */
  readonly output: Output
  readonly anchor: string
  readonly result: Schema<A>
  readonly emit: 'updates' | 'final'
}

export class WindowedTableSteps<in out K, out A> implements WindowedTable<K, A> {
  readonly kind = 'windowed table'
  protected readonly traits: WindowedTableTraits<A>
  protected readonly makers: Makers

  constructor(traits: WindowedTableTraits<A>, makers: Makers) {
    this.traits = traits
    this.makers = makers
  }

  toStream(): Stream<Windowed<K>, WindowResult<A>> {
    const { graph, output, anchor, result, emit } = this.traits
    const schema = windowResult(result)
    const isProvisional = emit === 'updates'
    return this.makers.stream<Windowed<K>, WindowResult<A>>({
      graph,
      output,
      anchor,
      schema,
      isKeyed: true,
      isProvisional,
    })
  }
}

export class WindowedAggregatedTableSteps<in out K, out A, in out SK, out V>
  extends WindowedTableSteps<K, A>
  implements WindowedAggregatedTable<K, A, SK, V>
{
  private readonly inputs: InputsTraits

  constructor(traits: WindowedTableTraits<A> & InputsTraits, makers: Makers) {
    super(traits, makers)
    this.inputs = traits
  }

  joinInput<Out, R>(
    record: RecordClass<Out> & Extension<V, unknown>,
    fields: (result: A | undefined, input: () => V, key: SK) => R,
    options: StepOptions = {},
  ): RekeyedStream<SK, Out> {
    return addJoinInput(this.inputs, this.makers, record, fields, options)
  }
}
