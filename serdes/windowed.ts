// Windows of keys and what a window result looks like: the schemas of windowed topics.
import { type Schema, schemaOf, t, type ValueSchema } from './schema.ts'
import type { FieldDescription, RecordDescription } from './schema-description.ts'

/** A key in one window, `start` inclusive, `end` exclusive, ms UTC; `end` is undefined where the size is not known. */
export interface Windowed<out K> {
  readonly key: K
  readonly start: number
  readonly end: number | undefined
}

export type WindowStatus = 'provisional' | 'final' | 'corrected'

export interface WindowResult<out A> {
  readonly value: A
  readonly status: WindowStatus
  /** 0 for the first result of the window, then one more for each. */
  readonly revision: number
}

/**
 * Only key and start are in the bytes, as with Kafka Streams' TimeWindowedSerializer; `size` (ms of the window that begins at `start`, which a
 * change of daylight saving time may alter) tells the reader the end.
 */
export function windowed<K>(
  key: Schema<K>,
  options: { readonly size?: (start: number) => number } = {},
): ValueSchema<Windowed<K>> {
  const { size } = options
  class Window {
    readonly key: K
    readonly start: number
    readonly end: number | undefined

    constructor({ key, start }: { readonly key: K; readonly start: number }) {
      this.key = key
      this.start = start
      this.end = size === undefined ? undefined : start + size(start)
    }
  }
  const fields = [
    { name: 'key', schema: key.description },
    { name: 'start', schema: t.instant.description },
  ]
  const window = record('Windowed', fields, Window)
  return schemaOf({ kind: 'windowed', key: key.description, window })
}

export function windowResult<A>(value: Schema<A>): ValueSchema<WindowResult<A>> {
  class Result {
    readonly value: A
    readonly status: WindowStatus
    readonly revision: number

    constructor({ value, status, revision }: WindowResult<A>) {
      this.value = value
      this.status = status
      this.revision = revision
    }
  }
  const { description } = value
  const name = description.kind === 'record' ? `${description.name}Result` : 'WindowResult'
  const status = { kind: 'one of', name: 'WindowStatus', values: ['provisional', 'final', 'corrected'] } as const
  const fields = [
    { name: 'value', schema: description },
    { name: 'status', schema: status },
    { name: 'revision', schema: t.int.description },
  ]
  return schemaOf(record(name, fields, Result))
}

function record(
  name: string,
  fields: readonly FieldDescription[],
  create: RecordDescription['create'],
): RecordDescription {
  return { kind: 'record', name, fields, base: undefined, create }
}
