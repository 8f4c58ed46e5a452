// What leaves a windowed aggregate: the window as the key, and the result with how far it can be relied on.
//
//   provisional ──▶ provisional ──▶ final ──▶ corrected ──▶ corrected …        revision 0, 1, 2, …
//   (each commit)                  (closed)   (late input, where the policy corrects)

/** A key in one window: `start` inclusive, `end` exclusive, ms UTC. */
export class WindowKey<K> {
  readonly key: K
  readonly start: number
  readonly end: number

  constructor(key: K, start: number, end: number) {
    this.key = key
    this.start = start
    this.end = end
  }
}

export type ResultStatus = 'provisional' | 'final' | 'corrected'

export class Result<A> {
  readonly value: A
  readonly status: ResultStatus
  readonly revision: number

  constructor(value: A, status: ResultStatus, revision: number) {
    this.value = value
    this.status = status
    this.revision = revision
  }
}
