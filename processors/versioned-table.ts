// toTable: the newest version of each key wins, wherever its duplicates and predecessors come in (time-model.md, Versions).
//
//   version   content          outcome    store                      goes on
//   greater   another          accepted   version, hash, kept        yes
//   greater   the current one  duplicate  version advances           no
//   equal     not seen yet     conflict   hash, kept: the later wins yes
//   equal     seen             duplicate  –                          no
//   lesser    any              stale      –                          no
import { Hash64 } from '../core/hash.ts'
import type { StreamRecord } from '../core/stream-record.ts'
import type { KeyValueStore } from '../state/task-stores.ts'
import type { Outcome, Outputs } from './operator.ts'
import { port } from './outputs.ts'
import { RecordOperator, type StepOfTask } from './record-operator.ts'
import { TableChange } from './table-change.ts'
import type { ValueFunction } from './user-functions.ts'
import { type ContentHashes, hashesOf, hasSeen, isCurrent, VersionedRow, withHash } from './versioned-row.ts'

export interface Versioning<K, V, S, Ver> {
  readonly version: ValueFunction<K, V, Ver>
  readonly keep: ValueFunction<K, V, S>
  /** Hashes what makes two versions the same into `hash`. */
  readonly hash: (value: V, hash: Hash64) => void
  compare(a: Ver, b: Ver): number
  /** Whether both versions have their content from the same time. */
  isSameTime(a: Ver, b: Ver): boolean
  /** Whether a change is too old for a window behind the table: then all of it is refused, never a part. */
  isExpired(before: S | undefined, after: S, clock: number): boolean
}

export class VersionedTable<K, V, S, Ver> extends RecordOperator<K, V> {
  private readonly store: KeyValueStore<K, VersionedRow<S, Ver>>
  private readonly versioning: Versioning<K, V, S, Ver>
  private readonly hash = new Hash64()

  constructor(step: StepOfTask, store: KeyValueStore<K, VersionedRow<S, Ver>>, versioning: Versioning<K, V, S, Ver>) {
    super(step)
    this.store = store
    this.versioning = versioning
  }

  prepare(batch: readonly StreamRecord<K, V>[]): Promise<void> | undefined {
    return this.store.load(batch.map(({ key }) => key))
  }

  protected override take(record: StreamRecord<K, V>, outputs: Outputs): void {
    const { key, value } = record
    if (value === undefined) {
      this.context.count(this.node, 'tombstone')
      return
    }
    const version = this.versioning.version(value, key, this.place.of(record))
    this.versioning.hash(value, this.hash)
    const row = this.store.get(key)
    const outcome = this.judge(row, version)
    if (outcome === 'accepted' || outcome === 'conflict') {
      const kept = this.versioning.keep(value, key, this.place.of(record))
      this.accept(record, version, { row, outcome, kept }, port(outputs))
    } else {
      if (outcome === 'duplicate' && row !== undefined) this.moveOn(key, row, version)
      this.context.count(this.node, outcome)
    }
  }

  private accept(
    record: StreamRecord<K, V>,
    version: Ver,
    {
      row,
      outcome,
      kept,
    }: { readonly row: VersionedRow<S, Ver> | undefined; readonly outcome: Outcome; readonly kept: S },
    out: StreamRecord[],
  ): void {
    if (this.versioning.isExpired(row?.kept, kept, record.clock)) {
      this.context.late(this.node, record.clock - record.timestamp)
      const message = 'this version would change a window that is no longer corrected'
      this.context.deadLetter(record, { node: this.node, reason: 'expired', message })
      return
    }
    this.store.put(record.key, new VersionedRow({ version, hashes: this.hashesWith(row, version), kept }))
    this.context.count(this.node, outcome)
    out.push(record.withValue(new TableChange(row?.kept, kept, record.value)))
  }

  private judge(row: VersionedRow<S, Ver> | undefined, version: Ver): Outcome {
    if (row === undefined) return 'accepted'
    const order = this.versioning.compare(version, row.version)
    if (order < 0) return 'stale'
    if (order > 0) return isCurrent(row.hashes, this.hash) ? 'duplicate' : 'accepted'
    return hasSeen(row.hashes, this.hash) ? 'duplicate' : 'conflict'
  }

  /** The same content under a greater version: what is older than that is stale from now on. */
  private moveOn(key: K, row: VersionedRow<S, Ver>, version: Ver): void {
    if (this.versioning.compare(version, row.version) === 0) return
    this.store.put(key, new VersionedRow({ version, hashes: this.hashesWith(row, version), kept: row.kept }))
  }

  private hashesWith(row: VersionedRow<S, Ver> | undefined, version: Ver): ContentHashes {
    if (row === undefined || !this.versioning.isSameTime(row.version, version)) return hashesOf(this.hash)
    return withHash(row.hashes, this.hash)
  }
}
