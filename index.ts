// The public API of the engine, listed by hand: what users describe topologies with. What they test with is in testing.ts.

// Durations and errors.
export { days, hours, minutes, seconds } from './core/duration.ts'
export { BadRecord, Retriable, StreamsError } from './core/errors.ts'
export type { RecordContext } from './core/stream-record.ts'
// What functions passed to steps take and return.
export type { KeyAndValue } from './processors/flat-map.ts'
export type { Entry } from './processors/group-entries.ts'
export type {
  DeclaredStore,
  ProcessorContext,
  ProcessorSupplier,
  Punctuation,
  ValueProcessor,
} from './processors/process-values.ts'
export type { OnError, ValueFunction } from './processors/user-functions.ts'
export { type Rejected, reject } from './processors/validate.ts'
// Schemas: what is in the bytes. Types are inferred from them.
export {
  type Exact,
  type Extension,
  type Id,
  type IdSchema,
  type Infer,
  type NewRecord,
  type OrderedSchema,
  type RecordClass,
  type Schema,
  t,
  type ValueSchema,
} from './serdes/schema.ts'
export type { SubjectStrategy } from './serdes/subject.ts'
export { type Windowed, type WindowResult, type WindowStatus, windowed, windowResult } from './serdes/windowed.ts'
export { type PgTable, pg, pgTable } from './sinks/postgres/table.ts'
export type { KeyValueStoreDefinition, SessionStoreDefinition, WindowStoreDefinition } from './state/definitions.ts'
export {
  keyValueStore,
  sessionStore,
  type Version,
  type VersionedStore,
  versionedStore,
  windowStore,
} from './state/store-definitions.ts'
export type {
  AggregatedTable,
  Branches,
  GlobalTable,
  GroupedStream,
  GroupedTable,
  JoinableTable,
  RekeyedStream,
  SessionedStream,
  Sinkable,
  Stream,
  Table,
  WindowedAggregatedTable,
  WindowedGroupedTable,
  WindowedStream,
  WindowedTable,
} from './topology/stream.ts'
// The DSL: streams, tables, windows.
export { StreamsBuilder, type StreamsBuilderOptions, type Topology } from './topology/streams-builder.ts'
// Definitions: what is durable, declared once by whoever owns the bytes.
export {
  type DeadLetter,
  type DeadLetterTopic,
  deadLetterTopic,
  type GroupTopic,
  groupTopic,
  type Topic,
  topic,
  type WritableTopic,
} from './topology/topic.ts'
export {
  type HoppingOptions,
  hopping,
  type SessionOptions,
  type SessionWindows,
  session,
  type TimeWindows,
  type TumblingOptions,
  tumbling,
} from './topology/windows.ts'
