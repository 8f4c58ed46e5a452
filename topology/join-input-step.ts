// joinInput: the second output of an aggregate, where each input passes with its result.
import { JoinInput, type Lazy } from '../processors/join-input.ts'
import type { Extension, RecordClass } from '../serdes/schema.ts'
import { extending } from './record-extension.ts'
import type { RekeyedStream, StepOptions } from './stream.ts'
import { addOperator, type Makers, type TableTraits } from './stream-traits.ts'

/** Output port of an aggregate for inputs with their results. */
export const INPUTS_PORT = 1

export function addJoinInput<SK, V, A, R, Out>(
  { graph, output, anchor }: Pick<TableTraits<unknown>, 'graph' | 'output' | 'anchor'>,
  makers: Makers,
  record: RecordClass<Out> & Extension<V, unknown>,
  fields: (result: A | undefined, input: () => V, key: SK) => R,
  options: StepOptions,
): RekeyedStream<SK, Out> {
  const extend = extending<V, R, Out>(record)
  const extendInput = (input: Lazy<V>, added: R) => extend(input.decode(), added)
  const inputs = { graph, anchor, output: { step: output.step, port: INPUTS_PORT } }
  const joined = addOperator(inputs, 'joinInput', options, () => new JoinInput(fields, extendInput))
  return makers.stream<SK, Out>({
    graph,
    output: joined,
    anchor,
    schema: record,
    isKeyed: false,
    isProvisional: false,
  })
}
