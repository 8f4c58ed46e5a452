// The record as operators see it: one plain, monomorphic object that lives as long as its batch.

export class StreamRecord<K = unknown, V = unknown> {
  readonly key: K
  /** `undefined` is Kafka's null value: a delete in a table. */
  readonly value: V
  /** Event time, ms UTC. */
  readonly timestamp: number
  /** The clock of the source partition when the record was read there (time-model: lateness = clock − timestamp). */
  readonly clock: number
  /** When the record entered the system, ms UTC; 0 if unknown. */
  readonly ingestedAt: number
  /** Row of the input batch this record comes from (for dead letters); −1 for what no single input caused. */
  readonly row: number

  constructor(key: K, value: V, timestamp: number, clock: number, ingestedAt: number, row: number) {
    this.key = key
    this.value = value
    this.timestamp = timestamp
    this.clock = clock
    this.ingestedAt = ingestedAt
    this.row = row
  }

  withValue<Out>(value: Out): StreamRecord<K, Out> {
    return new StreamRecord(this.key, value, this.timestamp, this.clock, this.ingestedAt, this.row)
  }

  with<OutK, OutV>(key: OutK, value: OutV): StreamRecord<OutK, OutV> {
    return new StreamRecord(key, value, this.timestamp, this.clock, this.ingestedAt, this.row)
  }

  withKey<Out>(key: Out): StreamRecord<Out, V> {
    return new StreamRecord(key, this.value, this.timestamp, this.clock, this.ingestedAt, this.row)
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
