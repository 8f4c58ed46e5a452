// Asks a task's copy what it holds under one key, and tells it as plain JSON with the position that it reflects.
import { ByteWriter } from '../core/byte-writer.ts'
import { binarySerde } from '../serdes/binary-serde.ts'
import { jsonSerde } from '../serdes/json-serde.ts'
import { keySerde } from '../serdes/key-serde.ts'
import type { Schema } from '../serdes/schema.ts'
import type { Checkpoint, StateView } from './backend.ts'
import type { StoreDefinition } from './definitions.ts'
import { sessionListSerde } from './session-list.ts'
import { writeStart } from './window-store.ts'

export interface StoreQuestion {
  readonly store: StoreDefinition
  readonly key: unknown
  /** Of a window store: which windows of the key, by their starts. */
  readonly starts: readonly number[]
}

export interface StoreReading {
  readonly checkpoint: Checkpoint
  /** Of a window store the windows that there are, `{ start, value }`; of a session store `{ start, end, value }`. Undefined: there is nothing under this key. */
  readonly value: unknown
}

/** Undefined: there is no copy. @throws BadRecord `encode` for a key that does not fit; Retriable while the copy is being changed. */
export async function askCopy(
  view: StateView,
  { store, key, starts }: StoreQuestion,
): Promise<StoreReading | undefined> {
  const isWindowed = store.kind === 'window store'
  const keys = isWindowed ? starts.map((start) => keyBytes(store, key, start)) : [keyBytes(store, key)]
  const reading = await view.read(store.name, keys)
  if (reading === undefined) return undefined
  const { checkpoint, values } = reading
  if (!isWindowed) return { checkpoint, value: values[0] && shownValue(store, values[0]) }
  const windows = values.flatMap((value, i) => (value ? [{ start: starts[i], value: shownValue(store, value) }] : []))
  return { checkpoint, value: windows.length === 0 ? undefined : windows }
}

/** As in the store, and as in the records of a topic. */
export function keyBytes({ key: schema }: StoreDefinition, key: unknown, start?: number): Buffer {
  const writer = new ByteWriter(64)
  keySerde(schema).write(key, writer)
  if (start !== undefined) writeStart(start, writer)
  return writer.copy()
}

function shownValue({ kind, value: schema }: StoreDefinition, bytes: Buffer): unknown {
  const values = binarySerde(schema)
  if (kind !== 'session store') return asJson(schema, values.read(bytes, 0, bytes.length))
  const sessions = sessionListSerde(values).read(bytes, 0, bytes.length)
  return sessions.map(({ start, end, value }) => ({ start, end, value: asJson(schema, value) }))
}

/** As JSON shows it: instants in ms, bytes in base64. */
function asJson(schema: Schema<unknown>, value: unknown): unknown {
  const writer = new ByteWriter(256)
  jsonSerde(schema).write(value, writer)
  return JSON.parse(writer.view().toString())
}
