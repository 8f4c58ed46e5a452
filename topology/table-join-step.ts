// Stream-table joins: with a table of the same key in the same task, or with a global table by any key.
import type { StepOfTask } from '../processors/record-operator.ts'
import { TableJoin } from '../processors/table-join.ts'
import type { Output } from './steps.ts'
import type { FunctionOptions, GlobalTable, JoinableTable } from './stream.ts'
import { addOperator, type StreamTraits } from './stream-traits.ts'

/** The row's type is known where the join is declared; here a row is whatever the table holds. */
interface Joining<K, V, Out> {
  readonly kind: 'inner' | 'left'
  join(value: V, row: unknown, key: K): Out
}

interface GlobalJoining<K, V, K2, Out> extends Joining<K, V, Out> {
  readonly keyOf: (value: V, key: K) => K2 | undefined
}

export function addTableJoin<K, V, S, Out>(
  traits: StreamTraits<V>,
  operation: string,
  { rows }: JoinableTable<K, S>,
  { kind, join }: Joining<K, V, Out>,
  options: FunctionOptions,
): Output {
  const operator = (step: StepOfTask) => {
    const lookup = rows.open(step.context)
    const load = lookup.load.bind(lookup)
    return new TableJoin<K, V, Out>(step, { kind, join, load, rowOf: (_, key) => lookup.get(key) })
  }
  return addOperator(traits, operation, options, operator, { stores: [rows.store] })
}

export function addGlobalJoin<K, V, K2, S, Out>(
  traits: StreamTraits<V>,
  operation: string,
  { topic }: GlobalTable<K2, S>,
  { kind, join, keyOf }: GlobalJoining<K, V, K2, Out>,
  options: FunctionOptions,
): Output {
  const operator = (step: StepOfTask) => {
    const rows = step.context.globalTable(topic)
    return new TableJoin<K, V, Out>(step, { kind, join, rowOf: (value, key) => rows.get(keyOf(value, key)) })
  }
  return addOperator(traits, operation, options, operator, { globalTables: [topic] })
}
