// The port of a schema registry (Confluent's model: subjects with versions, global ids).
// Adapters: registry/embedded.ts (a file in the data directory) and registry/confluent.ts (over HTTP).

export interface SchemaRegistry {
  /** Registers the Avro schema (canonical JSON text) under the subject if it is new there; returns its global id. @throws StreamsError `schema_incompatible` when it cannot read what the subject's last version wrote. */
  register(subject: string, schema: string): Promise<number>
  /** The schema's JSON text; undefined if the registry does not know the id. @throws Retriable when it cannot be asked. */
  schemaById(id: number): Promise<string | undefined>
  /** How long an id that has been given may still be unknown here, ms. Default: not at all. */
  readonly lagMsMax?: number
}
