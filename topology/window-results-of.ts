// Wires the results of a windowed aggregate to its store and to the rules its windows and steps declare.
import { ByteWriter } from '../core/byte-writer.ts'
import type { TaskContext } from '../processors/operator.ts'
import { KeyIdentities } from '../processors/windowing/key-identity.ts'
import { WindowResults } from '../processors/windowing/window-results.ts'
import type { WindowState } from '../processors/windowing/window-state.ts'
import { binarySerde } from '../serdes/binary-serde.ts'
import { keySerde } from '../serdes/key-serde.ts'
import type { Schema } from '../serdes/schema.ts'
import type { WindowStoreDefinition } from '../state/definitions.ts'
import { windowStore } from '../state/store-definitions.ts'
import { windowState } from './stored-values.ts'
import type { TimeWindows } from './windows.ts'

/** The store as it is kept: each value with its times and how far it has been sent. */
export function windowStoreOf<K, A>({
  name,
  key,
  value,
}: WindowStoreDefinition<K, A>): WindowStoreDefinition<K, WindowState<A>> {
  return windowStore(name, { key, value: windowState(value) })
}

interface ResultsSpec<K, A> {
  readonly stored: WindowStoreDefinition<K, WindowState<A>>
  readonly value: Schema<A>
  readonly windows: TimeWindows
  readonly steps: { readonly initial: A; readonly valid?: (result: A) => boolean }
}

export function windowResultsOf<K, A>(context: TaskContext, spec: ResultsSpec<K, A>): WindowResults<K, A> {
  const { stored, value, windows, steps } = spec
  const { windowing, graceMs, emit } = windows
  const { initial, valid = () => true } = steps
  const identities = new KeyIdentities(keySerde(stored.key))
  const isInitial = equalTo(initial, value)
  return new WindowResults(context, context.stores.window(stored), identities, {
    windowing,
    graceMs,
    emit,
    initial,
    isInitial,
    isValid: valid,
  })
}

/** Whether a value has the same bytes as `expected`. */
export function equalTo<A>(expected: A, schema: Schema<A>): (value: A) => boolean {
  const serde = binarySerde(schema)
  const scratch = new ByteWriter(256)
  serde.write(expected, scratch)
  const bytes = scratch.copy()
  return (value) => {
    if (value === expected) return true
    scratch.reset()
    serde.write(value, scratch)
    return scratch.position === bytes.length && bytes.compare(scratch.buffer, 0, scratch.position) === 0
  }
}
