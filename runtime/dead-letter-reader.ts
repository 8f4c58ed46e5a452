// Reads a dead letter back: the original bytes, and what our headers say of it.
import { ByteReader } from '../core/byte-reader.ts'
import type { RecordColumns } from '../kafka/record-batch/record-columns.ts'
import { DEAD_LETTER_HEADER } from './dead-letters.ts'

export interface DeadLetterRecord {
  readonly key: Buffer | undefined
  readonly value: Buffer | undefined
  /** The original headers, in order. */
  readonly headers: readonly { readonly name: string; readonly value: Buffer | undefined }[]
  readonly reason: string
  readonly message: string
  readonly node: string
  readonly topic: string
  readonly partition: number
  readonly offset: number
  /** The original record's timestamp, ms UTC. */
  readonly timestamp: number
  readonly schemaId: number | undefined
  readonly topologyHash: string
  readonly attempt: number
}

/** @throws BadRecord when the header section is cut. */
export function readDeadLetter(columns: RecordColumns, row: number): DeadLetterRecord {
  const { own, ours } = splitHeaders(columns, row)
  const text = (name: string) => ours.get(name) ?? ''
  return {
    key: columns.isNullKey(row)
      ? undefined
      : Buffer.from(columns.buffer.subarray(columns.keyStart[row], columns.keyEnd[row])),
    value: columns.isNullValue(row)
      ? undefined
      : Buffer.from(columns.buffer.subarray(columns.valueStart[row], columns.valueEnd[row])),
    headers: own,
    reason: text('reason'),
    message: text('message'),
    node: text('node'),
    topic: text('topic'),
    partition: Number(text('partition')),
    offset: Number(text('offset')),
    timestamp: Number(text('timestamp')),
    schemaId: text('schema-id') === '' ? undefined : Number(text('schema-id')),
    topologyHash: text('topology'),
    attempt: Number(text('attempt')),
  }
}

function splitHeaders(
  columns: RecordColumns,
  row: number,
): { own: { name: string; value: Buffer | undefined }[]; ours: Map<string, string> } {
  const start = columns.headersStart[row] as number
  const end = columns.headersEnd[row] as number
  const reader = new ByteReader(columns.buffer, start, end)
  const own: { name: string; value: Buffer | undefined }[] = []
  const ours = new Map<string, string>()
  const count = end > start ? reader.varint() : 0
  for (let i = 0; i < count; i++) {
    const name = reader.text(reader.varint())
    const length = reader.varint()
    const value = length < 0 ? undefined : Buffer.from(reader.bytes(length))
    if (name.startsWith(DEAD_LETTER_HEADER))
      ours.set(name.slice(DEAD_LETTER_HEADER.length), value?.toString('utf8') ?? '')
    else own.push({ name, value })
  }
  return { own, ours }
}
