// What a key-value store holds of one key's aggregate.

export class AggregateState<A> {
  readonly value: A
  /** Highest of its inputs, ms UTC. */
  readonly timestamp: number
  readonly clock: number

  constructor({ value, timestamp, clock }: { readonly value: A; readonly timestamp: number; readonly clock: number }) {
    this.value = value
    this.timestamp = timestamp
    this.clock = clock
  }
}
