// The record as operators see it: one plain, monomorphic object that lives as long as its batch.

/** When and where a record came in; the records made of it share it. */
class Origin {
  readonly timestamp: number
  readonly clock: number
  readonly ingestedAt: number
  readonly row: number

  constructor(timestamp: number, clock: number, ingestedAt: number, row: number) {
    this.timestamp = timestamp
    this.clock = clock
    this.ingestedAt = ingestedAt
    this.row = row
  }
}

export class StreamRecord<K = unknown, V = unknown> {
  readonly key: K
  /** `undefined` is Kafka's null value: a delete in a table. */
  readonly value: V
  private readonly origin: Origin

  private constructor(key: K, value: V, origin: Origin) {
    this.key = key
    this.value = value
    this.origin = origin
  }

  static of<K, V>(
    key: K,
    value: V,
    timestamp: number,
    clock: number,
    ingestedAt: number,
    row: number,
  ): StreamRecord<K, V> {
    return new StreamRecord(key, value, new Origin(timestamp, clock, ingestedAt, row))
  }

  /** Event time, ms UTC. */
  get timestamp(): number {
    return this.origin.timestamp
  }

  /** The clock of the source partition when the record was read there (time-model: lateness = clock − timestamp). */
  get clock(): number {
    return this.origin.clock
  }

  /** When the record entered the system, ms UTC; 0 if unknown. */
  get ingestedAt(): number {
    return this.origin.ingestedAt
  }

  /** Row of the input batch this record comes from (for dead letters); −1 for what no single input caused. */
  get row(): number {
    return this.origin.row
  }

  withValue<Out>(value: Out): StreamRecord<K, Out> {
    return new StreamRecord(this.key, value, this.origin)
  }

  with<OutK, OutV>(key: OutK, value: OutV): StreamRecord<OutK, OutV> {
    return new StreamRecord(key, value, this.origin)
  }

  withKey<Out>(key: Out): StreamRecord<Out, V> {
    return new StreamRecord(key, this.value, this.origin)
  }
}

/** Where a record stands in its topic, for functions that want to know. */
export interface RecordContext {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  /** Event time, ms UTC. */
  readonly timestamp: number
  /** ms UTC; 0 if unknown. */
  readonly ingestedAt: number
}
