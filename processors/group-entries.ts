// groupBy: compares what a row added with what it adds now, by encoded bytes; equal entries cancel, what is left goes to its groups, one record a target key.
// A row whose entries did not change still sends its value once, to the group of its first entry.
import { AssertionError } from '../core/assert.ts'
import { ByteWriter } from '../core/byte-writer.ts'
import type { StreamRecord } from '../core/stream-record.ts'
import type { Encoder } from './encoder.ts'
import { GroupChange, type GroupEntry, type GroupInput } from './group-change.ts'
import type { Outputs } from './operator.ts'
import { port } from './outputs.ts'
import { RecordOperator, type StepOfTask } from './record-operator.ts'
import type { TableChange } from './table-change.ts'
import type { KeyIdentities, KeyIdentity } from './windowing/key-identity.ts'

/** What a row adds, to which group, when (ms UTC). */
export interface Entry<K, E> extends GroupEntry<E> {
  readonly key: K
}

interface Group<K, E> {
  readonly key: K
  readonly removed: readonly Entry<K, E>[]
  readonly added: readonly Entry<K, E>[]
}

interface ChangedGroup<K, E> extends Group<K, E> {
  readonly removed: Entry<K, E>[]
  readonly added: Entry<K, E>[]
}

const NO_ENTRIES: readonly never[] = []

export interface Grouping<K, E, S> {
  readonly entriesOf: (row: S) => readonly Entry<K, E>[]
  readonly keys: KeyIdentities<K>
  readonly entry: Encoder<E>
}

export class GroupEntries<K, E, SK, S, V> extends RecordOperator<SK, TableChange<S, V>> {
  private readonly grouping: Grouping<K, E, S>
  private readonly scratch = new ByteWriter()

  constructor(step: StepOfTask, grouping: Grouping<K, E, S>) {
    super(step)
    this.grouping = grouping
  }

  protected override take(record: StreamRecord<SK, TableChange<S, V>>, outputs: Outputs): void {
    const out = port(outputs)
    const { before, after, value } = record.value
    const added = this.entriesOf(after)
    const removed = this.entriesOf(before)
    const first = added[0]
    const groups = this.groups(value === undefined ? undefined : first, added, removed)
    if (groups.length === 0) this.context.count(this.node, 'skipped')
    let input: GroupInput<V> | undefined = value === undefined ? undefined : { at: first?.at, value }
    for (const group of groups) {
      out.push(record.with(group.key, new GroupChange(group.removed, group.added, record.key, input)))
      input = undefined
    }
  }

  /** The table has taken this row already: without its entries, the next version would take back what was never added. */
  protected override answer(record: StreamRecord<SK, TableChange<S, V>>, error: unknown): void {
    throw this.failure(record, error)
  }

  private entriesOf(row: S | undefined): readonly Entry<K, E>[] {
    if (row === undefined) return NO_ENTRIES
    const entries = this.grouping.entriesOf(row)
    for (const { at } of entries)
      if (!Number.isSafeInteger(at)) throw new AssertionError(`the time of an entry is ${at}: it has to be in whole ms`)
    return entries
  }

  /** The changed groups, that of `first` before the others even if nothing changed in it. */
  private groups(
    first: Entry<K, E> | undefined,
    added: readonly Entry<K, E>[],
    removed: readonly Entry<K, E>[],
  ): readonly Group<K, E>[] {
    // Most rows are new and add to one group only.
    if (first !== undefined && removed.length === 0 && this.isOneGroup(added))
      return [{ key: first.key, removed, added }]
    const groups = new Map<KeyIdentity, ChangedGroup<K, E>>()
    if (first !== undefined) this.groupOf(first, groups)
    for (const entry of this.without(removed, added)) this.groupOf(entry, groups).added.push(entry)
    for (const entry of this.without(added, removed)) this.groupOf(entry, groups).removed.push(entry)
    return [...groups.values()]
  }

  private isOneGroup(entries: readonly Entry<K, E>[]): boolean {
    const { keys } = this.grouping
    const [first] = entries
    return first !== undefined && entries.every(({ key }) => key === first.key || keys.of(key) === keys.of(first.key))
  }

  private groupOf({ key }: Entry<K, E>, groups: Map<KeyIdentity, ChangedGroup<K, E>>): ChangedGroup<K, E> {
    const identity = this.grouping.keys.of(key)
    let group = groups.get(identity)
    if (group === undefined) {
      group = { key, removed: [], added: [] }
      groups.set(identity, group)
    }
    return group
  }

  /** `entries` without those that `others` has too, each cancelled by one of its own. */
  private without(others: readonly Entry<K, E>[], entries: readonly Entry<K, E>[]): readonly Entry<K, E>[] {
    if (others.length === 0 || entries.length === 0) return entries
    const left = [...others]
    return entries.filter((entry) => {
      const equal = left.findIndex((other) => this.isEqual(entry, other))
      if (equal >= 0) left.splice(equal, 1)
      return equal < 0
    })
  }

  private isEqual(one: Entry<K, E>, other: Entry<K, E>): boolean {
    const { keys } = this.grouping
    return one.at === other.at && keys.of(one.key) === keys.of(other.key) && this.hasSameBytes(one.value, other.value)
  }

  private hasSameBytes(one: E, other: E): boolean {
    const { scratch, grouping } = this
    scratch.reset()
    grouping.entry.write(one, scratch)
    const middle = scratch.position
    grouping.entry.write(other, scratch)
    const { buffer, position } = scratch
    return position === 2 * middle && buffer.compare(buffer, middle, position, 0, middle) === 0
  }
}
