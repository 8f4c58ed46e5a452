// The records of the one changelog of a sub-topology, as bytes (exactly-once.md §2): what stores write, and the engine's own.
// Compaction keeps the last record of each key: one a store key, one marker, one release, and one fence a writer, so that no fence hides another.
//
//   key    store    │ name length 1–255 │ name │ key bytes │
//          engine   │ 0 │ 'F' │ writer │        │ 0 │ 'M' │        │ 0 │ 'R' │
//   value  store    │ value bytes │ or null, a delete
//          engine   │ writer │ content │        writer: id length, id, incarnation; lengths and numbers are varints
//
// Reading and writing whole batches is kafka's; who writes what and when is the runtime's.
import { assert } from '../core/assert.ts'
import { ByteReader } from '../core/byte-reader.ts'
import { ByteWriter } from '../core/byte-writer.ts'
import type { Writer } from './backend.ts'

/** What is needed of a record batch that is being written. */
export interface ChangelogBatch {
  append(
    timestamp: number,
    key: Buffer | undefined,
    keyStart: number,
    keyEnd: number,
    value: Buffer | undefined,
    valueStart: number,
    valueEnd: number,
  ): void
}

export interface Fence {
  readonly writer: Writer
  readonly nonce: string
  readonly topologyHash: string
}

const ENGINE = 0
export const FENCE = 0x46
export const MARKER = 0x4d
export const RELEASE = 0x52
const NAME_BYTES_MAX = 255

const key = new ByteWriter(256)
const value = new ByteWriter(256)

/** What a store's name puts before its keys. */
export function storePrefix(store: string): Buffer {
  const name = Buffer.from(store)
  assert(name.length > 0 && name.length <= NAME_BYTES_MAX, `a store's name has 1 to ${NAME_BYTES_MAX} bytes: ${store}`)
  return Buffer.concat([Buffer.of(name.length), name])
}

/** A store's put, or a delete when the value is undefined. */
export function appendPut(
  batch: ChangelogBatch,
  timestamp: number,
  prefix: Buffer,
  storeKey: Buffer,
  keyStart: number,
  keyEnd: number,
  storeValue: Buffer | undefined,
  valueStart: number,
  valueEnd: number,
): void {
  key.reset()
  key.bytes(prefix)
  key.bytes(storeKey, keyStart, keyEnd)
  batch.append(timestamp, key.buffer, 0, key.position, storeValue, valueStart, valueEnd)
}

export function appendFence(batch: ChangelogBatch, timestamp: number, { writer, nonce, topologyHash }: Fence): void {
  startEngineRecord(FENCE, writer)
  writeWriter(writer, key)
  writeText(nonce, value)
  writeText(topologyHash, value)
  appendEngineRecord(batch, timestamp)
}

/** Deletes a fence whose writer was fenced and can never come back. */
export function appendFenceTombstone(batch: ChangelogBatch, timestamp: number, writer: Writer): void {
  startEngineRecord(FENCE, writer)
  writeWriter(writer, key)
  batch.append(timestamp, key.buffer, 0, key.position, undefined, 0, 0)
}

/** First record of each commit: input offsets, clocks and whatever else the runtime restores from. */
export function appendMarker(batch: ChangelogBatch, timestamp: number, writer: Writer, content: Buffer): void {
  startEngineRecord(MARKER, writer)
  value.bytes(content)
  appendEngineRecord(batch, timestamp)
}

/** Last record of an orderly hand-over. */
export function appendRelease(batch: ChangelogBatch, timestamp: number, writer: Writer): void {
  startEngineRecord(RELEASE, writer)
  appendEngineRecord(batch, timestamp)
}

/** Reads back what `appendFence` put behind the writer. @throws BadRecord */
export function readFenceContent(content: Buffer): { readonly nonce: string; readonly topologyHash: string } {
  const reader = new ByteReader(content)
  return { nonce: readText(reader), topologyHash: readText(reader) }
}

/** @throws BadRecord */
export function readWriter(reader: ByteReader): Writer {
  return { transactionalId: readText(reader), incarnation: reader.varint() }
}

function startEngineRecord(letter: number, writer: Writer): void {
  key.reset()
  key.byte(ENGINE)
  key.byte(letter)
  value.reset()
  writeWriter(writer, value)
}

function appendEngineRecord(batch: ChangelogBatch, timestamp: number): void {
  batch.append(timestamp, key.buffer, 0, key.position, value.buffer, 0, value.position)
}

function writeWriter({ transactionalId, incarnation }: Writer, to: ByteWriter): void {
  writeText(transactionalId, to)
  to.varint(incarnation)
}

function writeText(text: string, to: ByteWriter): void {
  to.varint(Buffer.byteLength(text))
  to.text(text)
}

function readText(reader: ByteReader): string {
  return reader.text(reader.varint())
}
