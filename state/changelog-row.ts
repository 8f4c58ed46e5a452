// One record of a changelog, read from a batch's columns: a view that is filled again for each row, so that a store's record allocates nothing.
import { ByteReader } from '../core/byte-reader.ts'
import { StateCorrupted } from '../core/errors.ts'
import type { Writer } from './backend.ts'
import { FENCE, MARKER, RELEASE, readWriter } from './changelog.ts'

/** What is needed of a decoded record batch. */
export interface ChangelogColumns {
  readonly buffer: Buffer
  /** Null is an end below its start. */
  readonly keyStart: Int32Array
  readonly keyEnd: Int32Array
  readonly valueStart: Int32Array
  readonly valueEnd: Int32Array
  offset(row: number): number
}

const NO_BYTES = Buffer.alloc(0)
const NO_WRITER: Writer = { transactionalId: '', incarnation: 0 }
/** Shortest key of an engine record: 0 and a letter. */
const ENGINE_KEY_BYTES = 2

/** Filled by `readChangelogRow`; everything in it is valid until the next row, its buffer as long as the batch. */
export class ChangelogRow {
  kind: 'put' | 'delete' | 'fence' | 'fence tombstone' | 'marker' | 'release' = 'put'
  offset = 0
  /** What the positions below lie in. */
  buffer: Buffer = NO_BYTES
  // Of a put or delete: the store and the key within it.
  store = ''
  keyStart = 0
  keyEnd = 0
  /** Of a put. */
  valueStart = 0
  valueEnd = 0
  /** Of the engine's records. */
  writer: Writer = NO_WRITER
  /** Of a marker: its content. Of a fence: see `readFenceContent`. */
  content: Buffer = NO_BYTES
  /** Names met before, so that each is a string once. */
  readonly storeNames: { readonly bytes: Buffer; readonly name: string }[] = []
}

/** Fills `into` with a row. @throws StateCorrupted when it is no record of ours; BadRecord when it ends too early. */
export function readChangelogRow(columns: ChangelogColumns, row: number, into: ChangelogRow): void {
  const keyStart = columns.keyStart[row] as number
  const keyEnd = columns.keyEnd[row] as number
  into.buffer = columns.buffer
  into.offset = columns.offset(row)
  into.keyEnd = keyEnd
  into.valueStart = columns.valueStart[row] as number
  into.valueEnd = columns.valueEnd[row] as number
  if (keyEnd - keyStart < ENGINE_KEY_BYTES) throw foreign(into.offset, 'a key of less than two bytes')
  const nameLength = columns.buffer[keyStart] as number
  if (nameLength === 0) readEngineRecord(into, keyStart + 1)
  else readStoreRecord(into, keyStart + 1, nameLength)
}

function readStoreRecord(into: ChangelogRow, nameStart: number, nameLength: number): void {
  into.keyStart = nameStart + nameLength
  if (into.keyStart > into.keyEnd) throw foreign(into.offset, 'a store name longer than its key')
  into.kind = into.valueEnd < into.valueStart ? 'delete' : 'put'
  into.store = storeName(into, nameStart, into.keyStart)
}

function readEngineRecord(into: ChangelogRow, letterAt: number): void {
  const letter = into.buffer[letterAt]
  into.keyStart = letterAt + 1
  into.kind = kindOf(letter, into)
  const isTombstone = into.kind === 'fence tombstone'
  const reader = new ByteReader(into.buffer, into.valueStart, into.valueEnd)
  if (isTombstone) {
    reader.position = into.keyStart
    reader.end = into.keyEnd
  }
  into.writer = readWriter(reader)
  into.content = reader.bytes(reader.end - reader.position)
}

function kindOf(letter: number | undefined, { valueStart, valueEnd, offset }: ChangelogRow): ChangelogRow['kind'] {
  const isNull = valueEnd < valueStart
  if (letter === FENCE) return isNull ? 'fence tombstone' : 'fence'
  if (letter === MARKER && !isNull) return 'marker'
  if (letter === RELEASE && !isNull) return 'release'
  throw foreign(offset, `an engine record of kind ${letter}`)
}

function storeName(into: ChangelogRow, start: number, end: number): string {
  for (const known of into.storeNames) {
    if (isEqual(known.bytes, into.buffer, start, end)) return known.name
  }
  const bytes = Buffer.from(into.buffer.subarray(start, end))
  const name = bytes.toString()
  into.storeNames.push({ bytes, name })
  return name
}

function isEqual(bytes: Buffer, buffer: Buffer, start: number, end: number): boolean {
  if (bytes.length !== end - start) return false
  for (let i = 0; i < bytes.length; i++) if (bytes[i] !== buffer[start + i]) return false
  return true
}

function foreign(offset: number, what: string): StateCorrupted {
  return new StateCorrupted(
    'changelog_foreign',
    `the changelog holds ${what} at offset ${offset}: not written by this engine`,
  )
}
