// groupBy: compares what a row added with what it adds now, by encoded bytes; equal entries cancel, what is left goes to its groups, one record a target key.
// A row whose entries did not change still sends its value once, to the group of its first entry.
import { assert } from '../core/assert.ts'
import { ByteWriter } from '../core/byte-writer.ts'
import type { StreamRecord } from '../core/stream-record.ts'
import type { Encoder } from './encoder.ts'
import { GroupChange, type GroupEntry, type GroupInput } from './group-change.ts'
import type { Outputs } from './operator.ts'
import { port } from './outputs.ts'
import { RecordOperator, type StepOfTask } from './record-operator.ts'
import type { TableChange } from './table-change.ts'

/** What a row adds, to which group, when (ms UTC). */
export interface Entry<K, E> extends GroupEntry<E> {
  readonly key: K
}

interface EncodedEntry<K, E> {
  readonly entry: Entry<K, E>
  readonly key: string
  readonly bytes: string
}

interface Group<K, E> {
  readonly key: K
  readonly removed: Entry<K, E>[]
  readonly added: Entry<K, E>[]
}

export interface Grouping<K, E, S> {
  readonly entriesOf: (row: S) => readonly Entry<K, E>[]
  readonly key: Encoder<K>
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
    const added = this.encoded(after)
    const removed = this.encoded(before)
    const first = added[0]
    const groups = new Map<string, Group<K, E>>()
    if (first !== undefined && value !== undefined) groupOf(groups, first)
    for (const one of withoutEqual(added, removed)) groupOf(groups, one).added.push(one.entry)
    for (const one of withoutEqual(removed, added)) groupOf(groups, one).removed.push(one.entry)
    if (groups.size === 0) this.context.count(this.node, 'skipped')
    let input: GroupInput<V> | undefined = value === undefined ? undefined : { at: first?.entry.at, value }
    for (const group of groups.values()) {
      out.push(record.withKey(group.key).withValue(new GroupChange(group.removed, group.added, record.key, input)))
      input = undefined
    }
  }

  /** The table has taken this row already: without its entries, the next version would take back what was never added. */
  protected override answer(record: StreamRecord<SK, TableChange<S, V>>, error: unknown): void {
    throw this.failure(record, error)
  }

  private encoded(row: S | undefined): EncodedEntry<K, E>[] {
    return row === undefined ? [] : this.grouping.entriesOf(row).map((entry) => this.encode(entry))
  }

  private encode(entry: Entry<K, E>): EncodedEntry<K, E> {
    const { scratch, grouping } = this
    assert(Number.isSafeInteger(entry.at), `the time of an entry is ${entry.at}: it has to be in whole ms`)
    scratch.reset()
    grouping.key.write(entry.key, scratch)
    const keyEnd = scratch.position
    scratch.varint(entry.at)
    grouping.entry.write(entry.value, scratch)
    const key = scratch.buffer.latin1Slice(0, keyEnd)
    return { entry, key, bytes: scratch.buffer.latin1Slice(keyEnd, scratch.position) }
  }
}

function groupOf<K, E>(groups: Map<string, Group<K, E>>, { entry, key }: EncodedEntry<K, E>): Group<K, E> {
  let group = groups.get(key)
  if (group === undefined) {
    group = { key: entry.key, removed: [], added: [] }
    groups.set(key, group)
  }
  return group
}

/** `entries` without those that `others` has too, each cancelled by one of its own. */
function withoutEqual<K, E>(entries: EncodedEntry<K, E>[], others: EncodedEntry<K, E>[]): EncodedEntry<K, E>[] {
  if (others.length === 0) return entries
  const left = [...others]
  return entries.filter(({ key, bytes }) => {
    const equal = left.findIndex((other) => other.key === key && other.bytes === bytes)
    if (equal >= 0) left.splice(equal, 1)
    return equal < 0
  })
}
