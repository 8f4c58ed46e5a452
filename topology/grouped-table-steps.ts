// A grouped table: what rows add to groups, ready to be aggregated by window.

import { GroupWindowAggregate } from '../processors/windowing/group-window-aggregate.ts'
import type { WindowStoreDefinition } from '../state/definitions.ts'
import type { StepGraph } from './step-graph.ts'
import type { Output } from './steps.ts'
import type { AddAndSubtractSteps, GroupedTable, WindowedAggregatedTable, WindowedGroupedTable } from './stream.ts'
import type { NewStream } from './stream-traits.ts'
import type { GroupTopic } from './topic.ts'
import { windowResultsOf, windowStoreOf } from './window-results-of.ts'
import { WindowedAggregatedTableSteps } from './windowed-table-steps.ts'
import type { TimeWindows } from './windows.ts'

export interface GroupTraits<in out K, in out E, in out SK, in V> {
  readonly graph: StepGraph
  /** Gives GroupChange records. */
  readonly output: Output
  readonly topic: GroupTopic<K, E, SK, V>
}

export class GroupedTableSteps<in out K, in out E, in out SK, in out V> implements GroupedTable<K, E, SK, V> {
  private readonly traits: GroupTraits<K, E, SK, V>
  private readonly newStream: NewStream

  constructor(traits: GroupTraits<K, E, SK, V>, newStream: NewStream) {
    this.traits = traits
    this.newStream = newStream
  }

  windowedBy(windows: TimeWindows): WindowedGroupedTable<K, E, SK, V> {
    return { aggregate: (store, steps) => this.aggregateWindows(windows, store, steps) }
  }

  private aggregateWindows<A>(
    windows: TimeWindows,
    store: WindowStoreDefinition<K, A>,
    { name, ...steps }: AddAndSubtractSteps<A, E>,
  ): WindowedAggregatedTable<K, A, SK, V> {
    const { graph, output } = this.traits
    const stored = windowStoreOf(store)
    const step = graph.operator(
      { operation: 'aggregate', anchor: store.name, explicit: name },
      {
        inputs: [output],
        stores: [stored],
        settings: windows.description,
        instantiate: (context, { listeners }) => {
          const results = windowResultsOf(context, { stored, value: store.value, windows, steps })
          return new GroupWindowAggregate(results, windows.windowing, steps, listeners.has(1))
        },
      },
    )
    return new WindowedAggregatedTableSteps<K, A, SK, V>({ graph, step, store, windows }, this.newStream)
  }
}
