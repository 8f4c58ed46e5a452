// What leaves a table: the row as it was kept before and is kept now, and the whole value that made the change.

export class TableChange<S, V> {
  /** Undefined: there was no such row. */
  readonly before: S | undefined
  /** Undefined: the row was deleted. */
  readonly after: S | undefined
  readonly value: V | undefined

  constructor(before: S | undefined, after: S | undefined, value: V | undefined) {
    this.before = before
    this.after = after
    this.value = value
  }
}
