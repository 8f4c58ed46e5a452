// joinInput: the second output of an aggregate, where each input passes with its result.
import { ENCODED_PORT, JoinInput } from '../processors/join-input.ts'
import type { Encoded } from '../serdes/encoded.ts'
import { extendedSerde } from '../serdes/extended-serde.ts'
import type { Extension, RecordClass } from '../serdes/schema.ts'
import { EncodedExtension } from './encoded-extension.ts'
import { extending } from './record-extension.ts'
import type { RekeyedStream, StepOptions } from './stream.ts'
import { addOperator, type InputsTraits, type Makers } from './stream-traits.ts'

/** Output port of an aggregate for inputs with their results. */
export const INPUTS_PORT = 1

export function addJoinInput<SK, V, A, R, Out>(
  { graph, output, anchor, inputSchema }: InputsTraits,
  makers: Makers,
  record: RecordClass<Out> & Extension<V, unknown>,
  fields: (result: A | undefined, input: () => V, key: SK) => R,
  options: StepOptions,
): RekeyedStream<SK, Out> {
  const extend = extending<V, R, Out>(record)
  const serde = extendedSerde<V, unknown>(record)
  const extendEncoded = (input: Encoded<V>, added: R) => new EncodedExtension(serde, input, added)
  const inputs = { graph, anchor, output: { step: output.step, port: INPUTS_PORT } }
  const joined = addOperator(inputs, 'joinInput', options, (_, { listeners }) => {
    const isEncoded = listeners.has(ENCODED_PORT)
    const isDecoded = listeners.has(0)
    return new JoinInput({
      fields,
      extend: isDecoded ? extend : undefined,
      extendEncoded: isEncoded ? extendEncoded : undefined,
    })
  })
  // The bytes fit only where the record extends the very schema that they were written with.
  const isExtensionOfInput = record.description.base === inputSchema.description
  return makers.stream<SK, Out>({
    graph,
    output: joined,
    encoded: isExtensionOfInput ? { step: joined.step, port: ENCODED_PORT } : undefined,
    anchor,
    schema: record,
    isKeyed: false,
    isProvisional: false,
  })
}
