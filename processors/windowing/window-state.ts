// What a window store holds of one window of one key.

export class WindowState<A> {
  readonly value: A
  /** Highest of its inputs, ms UTC. */
  readonly timestamp: number
  readonly clock: number
  /** How many results have been sent. */
  readonly emitted: number
  readonly isFinal: boolean

  constructor(fields: {
    readonly value: A
    readonly timestamp: number
    readonly clock: number
    readonly emitted: number
    readonly isFinal: boolean
  }) {
    this.value = fields.value
    this.timestamp = fields.timestamp
    this.clock = fields.clock
    this.emitted = fields.emitted
    this.isFinal = fields.isFinal
  }
}
