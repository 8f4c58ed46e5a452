// The results of one aggregate by key: kept in the store as they change, sent once a commit for each changed key.
import { assert } from '../core/assert.ts'
import { StreamRecord } from '../core/stream-record.ts'
import type { KeyValueStore } from '../state/task-stores.ts'
import { AggregateState } from './aggregate-state.ts'
import type { Outputs } from './operator.ts'
import { port } from './outputs.ts'
import { TableChange } from './table-change.ts'
import type { KeyIdentities, KeyIdentity } from './windowing/key-identity.ts'

export interface KeyResultRules<A> {
  /** Such a result is no row at all: it is sent as a delete. */
  isInitial(value: A): boolean
  /** What must hold of every result at a commit; a result that breaks it is a bug. */
  isValid(value: A): boolean
}

/** A key whose result changed since the last commit. */
interface ChangedKey<K, A> {
  readonly key: K
  /** What was sent last. */
  readonly before: A | undefined
  timestamp: number
  clock: number
  ingestedAt: number
}

export class KeyResults<K, A> {
  private readonly store: KeyValueStore<K, AggregateState<A>>
  private readonly identities: KeyIdentities<K>
  private readonly rules: KeyResultRules<A>
  private readonly changed = new Map<KeyIdentity, ChangedKey<K, A>>()

  constructor(store: KeyValueStore<K, AggregateState<A>>, identities: KeyIdentities<K>, rules: KeyResultRules<A>) {
    this.store = store
    this.identities = identities
    this.rules = rules
  }

  load(keys: readonly K[]): Promise<void> | undefined {
    return this.store.load(keys)
  }

  valueOf(key: K): A | undefined {
    return this.store.get(key)?.value
  }

  update<V>(key: K, step: (total: A | undefined, value: V) => A, value: V, cause: StreamRecord): void {
    const state = this.store.get(key)
    const changed = this.changedKey(key, state)
    changed.timestamp = Math.max(changed.timestamp, cause.timestamp)
    changed.clock = Math.max(changed.clock, cause.clock)
    changed.ingestedAt = cause.ingestedAt
    const total = step(state?.value, value)
    const { timestamp, clock } = changed
    if (this.rules.isInitial(total)) this.store.delete(key)
    else this.store.put(key, new AggregateState({ value: total, timestamp, clock }))
  }

  flush(outputs: Outputs): void {
    const out = port(outputs)
    for (const { key, before, timestamp, clock, ingestedAt } of this.changed.values()) {
      const after = this.store.get(key)?.value
      assert(after === undefined || this.rules.isValid(after), 'an impossible result of an aggregate')
      if (before === undefined && after === undefined) continue
      out.push(StreamRecord.of(key, new TableChange(before, after, after), timestamp, clock, ingestedAt, -1))
    }
    this.changed.clear()
  }

  private changedKey(key: K, state: AggregateState<A> | undefined): ChangedKey<K, A> {
    const identity = this.identities.of(key)
    let changed = this.changed.get(identity)
    if (changed === undefined) {
      const never = Number.NEGATIVE_INFINITY
      changed = {
        key,
        before: state?.value,
        timestamp: state?.timestamp ?? never,
        clock: state?.clock ?? never,
        ingestedAt: 0,
      }
      this.changed.set(identity, changed)
    }
    return changed
  }
}
