// toTable: wires the operator to its store, its versions' order and what makes two contents the same.
import { ByteWriter } from '../core/byte-writer.ts'
import type { Hash64 } from '../core/hash.ts'
import { StoredRows } from '../processors/row-lookup.ts'
import type { VersionedRow } from '../processors/versioned-row.ts'
import { VersionedTable, type Versioning } from '../processors/versioned-table.ts'
import { binarySerde } from '../serdes/binary-serde.ts'
import type { Schema } from '../serdes/schema.ts'
import { keyValueStore, type Version, type VersionedStore } from '../state/store-definitions.ts'
import { versionedRow } from './stored-values.ts'
import type { Table, ToTableOptions } from './stream.ts'
import { addOperator, type Makers, type StreamTraits } from './stream-traits.ts'

export function addVersionedTable<K, V, S, Ver extends Version, R>(
  traits: StreamTraits<V>,
  makers: Makers,
  store: VersionedStore<K, S, Ver>,
  { version, keep, content, ...options }: ToTableOptions<V, Ver, R>,
): Table<K, V, S> {
  const value = versionedRow(store.value, store.version)
  const rows = keyValueStore(store.name, { key: store.key, value })
  // `keep` is known to return exactly S where toTable is declared; here it is some value that the schema writes.
  const written = keyValueStore<K, VersionedRow<unknown, Ver>>(store.name, { key: store.key, value })
  const rules: Omit<Versioning<K, V, unknown, Ver>, 'isExpired'> = {
    version,
    keep,
    hash: content === undefined ? hashOfValue(traits.schema) : hashOfContent(content),
    compare: (a, b) => store.version.compare(a, b),
    isSameTime,
  }
  const { graph, schema } = traits
  const anchor = store.name
  const output = addOperator(
    { ...traits, anchor },
    'toTable',
    options,
    (step, { expiries }) => {
      const isExpired: Versioning<K, V, unknown, Ver>['isExpired'] = (before, after, clock) =>
        expiries.some((expiry) => expiry.isExpired(before, after, clock))
      return new VersionedTable(step, step.context.stores.keyValue(written), { ...rules, isExpired })
    },
    { stores: [rows] },
  )
  return makers.table<K, V, S>(
    { graph, output, anchor, schema },
    {
      store: rows,
      open: ({ stores }) => new StoredRows(stores.keyValue(rows), (row) => row.kept),
    },
  )
}

/** Of versions that are tuples, the first part is the time at which the content changed. */
function isSameTime(a: Version, b: Version): boolean {
  return typeof a === 'object' && typeof b === 'object' ? a[0] === b[0] : a === b
}

function hashOfContent<V>(content: (value: V) => string | Buffer): (value: V, hash: Hash64) => void {
  return (value, hash) => {
    const it = content(value)
    if (typeof it === 'string') hash.text(it)
    else hash.bytes(it)
  }
}

/** The whole value: its encoded bytes where a schema tells how, else its JSON. */
function hashOfValue<V>(schema: Schema<V> | undefined): (value: V, hash: Hash64) => void {
  if (schema === undefined) return (value, hash) => void hash.text(JSON.stringify(value))
  const serde = binarySerde(schema)
  const scratch = new ByteWriter()
  return (value, hash) => {
    scratch.reset()
    serde.write(value, scratch)
    hash.bytes(scratch.buffer, 0, scratch.position)
  }
}
