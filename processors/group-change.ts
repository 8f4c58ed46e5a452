// What travels behind a groupBy: for one target key, what a row no longer adds and what it adds now, and with the first key the row's value.

/** What a row adds to one group, at a time. */
export interface GroupEntry<E> {
  /** ms UTC. */
  readonly at: number
  readonly value: E
}

/** The value that made the change; it travels once, whatever number of groups it touches. */
export interface GroupInput<V> {
  /** Time of the row's first entry; undefined if it has none. */
  readonly at: number | undefined
  readonly value: V
}

export class GroupChange<E, SK, V> {
  readonly removed: readonly GroupEntry<E>[]
  readonly added: readonly GroupEntry<E>[]
  readonly sourceKey: SK
  readonly input: GroupInput<V> | undefined

  constructor(
    removed: readonly GroupEntry<E>[],
    added: readonly GroupEntry<E>[],
    sourceKey: SK,
    input: GroupInput<V> | undefined,
  ) {
    this.removed = removed
    this.added = added
    this.sourceKey = sourceKey
    this.input = input
  }
}
