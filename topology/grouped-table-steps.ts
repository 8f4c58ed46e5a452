// A grouped table: what rows add to groups, to be aggregated over all time or by window.
import { StreamsError } from '../core/errors.ts'
import { GroupAggregate } from '../processors/group-aggregate.ts'
import type { Entry } from '../processors/group-entries.ts'
import { GroupWindowAggregate } from '../processors/windowing/group-window-aggregate.ts'
import type { Windowing } from '../processors/windowing/windowing.ts'
import type { Schema } from '../serdes/schema.ts'
import type { KeyValueStoreDefinition, WindowStoreDefinition } from '../state/definitions.ts'
import { keyResults, rowsOf, storedResults, storedWindows, windowResults } from './aggregate-wiring.ts'
import { INPUTS_PORT } from './join-input-step.ts'
import type { StepGraph } from './step-graph.ts'
import type { Expiry, Output } from './steps.ts'
import type {
  AddAndSubtractSteps,
  AggregatedTable,
  GroupedTable,
  WindowedAggregatedTable,
  WindowedGroupedTable,
} from './stream.ts'
import { addOperator, type Makers } from './stream-traits.ts'
import { WindowedAggregatedTableSteps } from './windowed-table-steps.ts'
import type { TimeWindows } from './windows.ts'

export interface GroupTraits<S> {
  readonly graph: StepGraph
  /** Gives GroupChange records. */
  readonly output: Output
  /** The table that is grouped. */
  readonly table: Output
  readonly entriesOf: (row: S) => readonly Entry<unknown, unknown>[]
  /** Of the grouped rows' values, as they travel. */
  readonly inputSchema: Schema<unknown>
}

export class GroupedTableSteps<in out K, out E, in out SK, out V> implements GroupedTable<K, E, SK, V> {
  private readonly traits: GroupTraits<never>
  private readonly makers: Makers

  constructor(traits: GroupTraits<never>, makers: Makers) {
    this.traits = traits
    this.makers = makers
  }

  windowedBy(windows: TimeWindows): WindowedGroupedTable<K, E, SK, V> {
    if (windows.late !== undefined && windows.late !== 'correct') {
      const message = `late entries of a grouped table cannot be answered by '${windows.late}': a lost +1 with a later −1 would falsify a result; use correctFor`
      throw new StreamsError('topology', message)
    }
    return { aggregate: (store, steps) => this.aggregateWindows(windows, store, steps) }
  }

  aggregate<A>(
    definition: KeyValueStoreDefinition<K, A>,
    steps: AddAndSubtractSteps<A, E>,
  ): AggregatedTable<K, A, SK, V> {
    const { graph, output: input, inputSchema } = this.traits
    const { initial, add, subtract, valid } = steps
    const stored = storedResults(definition)
    const anchor = definition.name
    const keySteps = {
      add: (total: A | undefined, value: E) => add(total ?? initial, value),
      subtract: (total: A | undefined, value: E) => subtract(total ?? initial, value),
    }
    const output = addOperator(
      { graph, anchor, output: input },
      'aggregate',
      steps,
      ({ context }, { listeners }) => {
        const results = keyResults(context, { definition, stored, initial, valid })
        return new GroupAggregate(results, keySteps, listeners.has(INPUTS_PORT))
      },
      { stores: [stored] },
    )
    return this.makers.aggregated<K, A, SK, V>(
      { graph, output, anchor, schema: definition.value, inputSchema },
      rowsOf(stored),
    )
  }

  private aggregateWindows<A>(
    windows: TimeWindows,
    definition: WindowStoreDefinition<K, A>,
    steps: AddAndSubtractSteps<A, E>,
  ): WindowedAggregatedTable<K, A, SK, V> {
    const { graph, output: input, inputSchema } = this.traits
    const { initial, valid } = steps
    const stored = storedWindows(definition, windows)
    const anchor = definition.name
    const operator = addOperator(
      { graph, anchor, output: input },
      'aggregate',
      steps,
      ({ context }, { listeners }) => {
        const results = windowResults(context, { definition, stored, windows, initial, valid })
        return new GroupWindowAggregate(results, windows.windowing, steps, listeners.has(INPUTS_PORT))
      },
      { stores: [stored], settings: windows.description, expiry: this.expiry(windows) },
    )
    const traits = { graph, output: operator, anchor, result: definition.value, emit: windows.emit, inputSchema }
    return new WindowedAggregatedTableSteps<K, A, SK, V>(traits, this.makers)
  }

  /** A version whose change would touch a window that is no longer corrected is refused as a whole, at the table. */
  private expiry({ windowing, graceMs, correctForMs }: TimeWindows): Expiry | undefined {
    if (!Number.isFinite(correctForMs)) return undefined
    const { table, entriesOf } = this.traits
    const isGone = ({ at }: Entry<unknown, unknown>, clock: number) =>
      clock >= earliestEnd(windowing, at) + graceMs + correctForMs
    return {
      table: table.step,
      isExpired: (before: never, after: never, clock) =>
        [...(before === undefined ? [] : entriesOf(before)), ...entriesOf(after)].some((entry) => isGone(entry, clock)),
    }
  }
}

/** End of the first window that contains `at`. */
function earliestEnd(windowing: Windowing, at: number): number {
  let start = windowing.startAt(at)
  for (let before = windowing.before(start); windowing.endOf(before) > at; before = windowing.before(start))
    start = before
  return windowing.endOf(start)
}
