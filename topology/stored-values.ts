// Schemas of what the engine keeps around a user's value in a store.

import { AggregateState } from '../processors/aggregate-state.ts'
import { VersionedRow } from '../processors/versioned-row.ts'
import { WindowState } from '../processors/windowing/window-state.ts'
import { type OrderedSchema, type Schema, schemaOf, t, type ValueSchema } from '../serdes/schema.ts'
import type { RecordDescription, SchemaDescription } from '../serdes/schema-description.ts'

export function versionedRow<S, Ver>(kept: Schema<S>, version: OrderedSchema<Ver>): ValueSchema<VersionedRow<S, Ver>> {
  const fields = { version: version.description, hashes: t.list(t.int).description, kept: kept.description }
  return recordOf('VersionedRow', fields, VersionedRow)
}

export function windowState<A>(value: Schema<A>): ValueSchema<WindowState<A>> {
  const times = { timestamp: t.instant.description, clock: t.instant.description }
  const fields = { value: value.description, ...times, emitted: t.int.description, isFinal: t.boolean.description }
  return recordOf('WindowState', fields, WindowState)
}

export function aggregateState<A>(value: Schema<A>): ValueSchema<AggregateState<A>> {
  const fields = { value: value.description, timestamp: t.instant.description, clock: t.instant.description }
  return recordOf('AggregateState', fields, AggregateState)
}

function recordOf<T>(
  name: string,
  fields: Readonly<Record<string, SchemaDescription>>,
  create: RecordDescription['create'],
): ValueSchema<T> {
  const described = Object.entries(fields).map(([field, schema]) => ({ name: field, schema }))
  return schemaOf({ kind: 'record', name, fields: described, base: undefined, create })
}
