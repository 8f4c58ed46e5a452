// A stream grouped by its key: counted, reduced or aggregated, over all time, by window or by session.
import { StreamsError } from '../core/errors.ts'
import type { StepOfTask } from '../processors/record-operator.ts'
import { StreamAggregate } from '../processors/stream-aggregate.ts'
import type { LatePolicy } from '../processors/windowing/lateness.ts'
import { SessionAggregate } from '../processors/windowing/session-aggregate.ts'
import { WindowAggregate } from '../processors/windowing/window-aggregate.ts'
import type { KeyValueStoreDefinition, SessionStoreDefinition, WindowStoreDefinition } from '../state/definitions.ts'
import {
  identitiesOf,
  keyResults,
  rowsOf,
  storedResults,
  storedSessions,
  storedWindows,
  windowResults,
} from './aggregate-wiring.ts'
import type {
  AddAndMergeSteps,
  AddStep,
  GroupedStream,
  SessionedStream,
  StepOptions,
  Table,
  WindowedStream,
  WindowedTable,
} from './stream.ts'
import { addOperator, type Makers, type StreamTraits } from './stream-traits.ts'
import { WindowedTableSteps } from './windowed-table-steps.ts'
import type { SessionWindows, TimeWindows } from './windows.ts'

export class GroupedStreamSteps<in out K, out V> implements GroupedStream<K, V> {
  private readonly traits: StreamTraits<V>
  private readonly makers: Makers

  constructor(traits: StreamTraits<V>, makers: Makers) {
    this.traits = traits
    this.makers = makers
  }

  windowedBy(windows: TimeWindows): WindowedStream<K, V>
  windowedBy(windows: SessionWindows): SessionedStream<K, V>
  windowedBy(windows: TimeWindows | SessionWindows): WindowedStream<K, V> | SessionedStream<K, V> {
    requireSettled(this.traits)
    return windows.kind === 'session' ? this.sessioned(windows) : this.windowed(windows)
  }

  count(store: KeyValueStoreDefinition<K, number>, options: StepOptions = {}): Table<K, number, number> {
    return this.aggregateKeys('count', store, { ...options, initial: 0, valid: isCount }, (total) => (total ?? 0) + 1)
  }

  reduce<A>(
    store: KeyValueStoreDefinition<K, A>,
    step: (total: A | undefined, value: V) => A,
    options: StepOptions = {},
  ): Table<K, A, A> {
    return this.aggregateKeys('reduce', store, options, step)
  }

  aggregate<A>(store: KeyValueStoreDefinition<K, A>, steps: AddStep<A, V>): Table<K, A, A> {
    const { initial, add } = steps
    return this.aggregateKeys('aggregate', store, steps, (total, value) => add(total ?? initial, value))
  }

  private aggregateKeys<A>(
    operation: string,
    definition: KeyValueStoreDefinition<K, A>,
    options: StepOptions & Partial<Pick<AddStep<A, V>, 'initial' | 'valid'>>,
    add: (total: A | undefined, value: V) => A,
  ): Table<K, A, A> {
    const { graph } = this.traits
    const { initial, valid } = options
    const stored = storedResults(definition)
    const anchor = definition.name
    const operator = ({ context, node }: StepOfTask) =>
      new StreamAggregate({ context, node }, keyResults(context, { definition, stored, initial, valid }), add)
    const output = addOperator({ ...this.traits, anchor }, operation, options, operator, { stores: [stored] })
    return this.makers.table<K, A, A>({ graph, output, anchor, schema: definition.value }, rowsOf(stored))
  }

  private windowed(windows: TimeWindows): WindowedStream<K, V> {
    return {
      count: (store, options = {}) =>
        this.aggregateWindows('count', windows, store, {
          ...options,
          initial: 0,
          add: (total) => total + 1,
          valid: isCount,
        }),
      aggregate: (store, steps) => this.aggregateWindows('aggregate', windows, store, steps),
    }
  }

  private aggregateWindows<A>(
    operation: string,
    windows: TimeWindows,
    definition: WindowStoreDefinition<K, A>,
    steps: AddStep<A, V>,
  ): WindowedTable<K, A> {
    const { graph } = this.traits
    const { initial, add, valid } = steps
    const { windowing, emit, description } = windows
    const stored = storedWindows(definition, windows)
    const anchor = definition.name
    const windowSteps = { windowing, policy: policyOf(windows), add }
    const operator = (step: StepOfTask) =>
      new WindowAggregate(
        step,
        windowResults(step.context, { definition, stored, windows, initial, valid }),
        windowSteps,
      )
    const settings = { stores: [stored], settings: description }
    const output = addOperator({ ...this.traits, anchor }, operation, nameOf(steps), operator, settings)
    return new WindowedTableSteps<K, A>({ graph, output, anchor, result: definition.value, emit }, this.makers)
  }

  private sessioned(windows: SessionWindows): SessionedStream<K, V> {
    const count = { initial: 0, add: (total: number) => total + 1, merge: (a: number, b: number) => a + b }
    return {
      count: (store, options = {}) => this.aggregateSessions('count', windows, store, { ...options, ...count }),
      aggregate: (store, steps) => this.aggregateSessions('aggregate', windows, store, steps),
    }
  }

  private aggregateSessions<A>(
    operation: string,
    windows: SessionWindows,
    definition: SessionStoreDefinition<K, A>,
    steps: AddAndMergeSteps<A, V>,
  ): WindowedTable<K, A> {
    const { graph } = this.traits
    const { gapMs, graceMs, emit, description } = windows
    const { initial, add, merge, valid = () => true } = steps
    const stored = storedSessions(definition)
    const anchor = definition.name
    const rules = { gapMs, graceMs, emit, policy: policyOf(windows), initial, add, merge, isValid: valid }
    const operator = (step: StepOfTask) =>
      new SessionAggregate(step, step.context.stores.session(stored), identitiesOf(stored.key), rules)
    const settings = { stores: [stored], settings: description }
    const output = addOperator({ ...this.traits, anchor }, operation, nameOf(steps), operator, settings)
    return new WindowedTableSteps<K, A>({ graph, output, anchor, result: definition.value, emit }, this.makers)
  }
}

function isCount(result: number): boolean {
  return result >= 0
}

/** Streams only add, so late input may be dropped: that is the default. */
function policyOf({ late = 'drop', correctForMs }: TimeWindows | SessionWindows): LatePolicy {
  return { late, correctForMs }
}

function nameOf({ name }: StepOptions): StepOptions {
  return name === undefined ? {} : { name }
}

function requireSettled({ isProvisional, anchor }: Pick<StreamTraits<unknown>, 'isProvisional' | 'anchor'>): void {
  if (!isProvisional) return
  const message = `windows over the provisional results of ${anchor} would depend on when commits happen: declare its windows with emit: 'final'`
  throw new StreamsError('topology', message)
}
