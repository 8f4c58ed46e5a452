// Dead letters: the original key, value and headers byte for byte, and beside them where the record stood and why it went no further.
// Of a record that its topic cannot hold, where it stands is all that is kept.
import { ByteReader } from '../core/byte-reader.ts'
import { ByteWriter } from '../core/byte-writer.ts'
import { partitionFor } from '../kafka/partitioner.ts'
import type { RecordColumns } from '../kafka/record-batch/record-columns.ts'
import type { OutputBuffers } from './output-buffers.ts'
import { INTERNAL_RECORD_BYTES_MAX } from './output-buffers.ts'

/** Names of the headers that a dead letter carries beside its own. */
export const DEAD_LETTER_HEADER = 'millrace.'
const MESSAGE_LENGTH_MAX = 500
/** Room for our headers and the framing. */
const ADDED_BYTES_MAX = 8_000

export interface DeadLetterReason {
  readonly node: string
  /** From a closed set: it becomes a metric label. */
  readonly reason: string
  readonly message: string
}

/** A topic of dead letters; others may have made it, with brokers' usual limit. */
export interface DeadLetterTarget {
  readonly partitions: number
  /** Of a record batch. */
  readonly batchBytesMax: number
}

export interface DeadLetterPlace {
  readonly columns: RecordColumns
  readonly row: number
  readonly topic: string
  readonly partition: number
}

export class DeadLetterWriter {
  private readonly outputs: OutputBuffers
  private readonly topologyHash: string
  private readonly target: (topic: string) => DeadLetterTarget
  private readonly scratch = new ByteWriter(4096)

  constructor(outputs: OutputBuffers, topologyHash: string, target: (topic: string) => DeadLetterTarget) {
    this.outputs = outputs
    this.topologyHash = topologyHash
    this.target = target
  }

  write(to: string, place: DeadLetterPlace, why: DeadLetterReason, now: number): void {
    const { columns, row } = place
    const { buffer } = columns
    const { partitions, batchBytesMax } = this.target(to)
    const isKept = recordBytes(place) <= Math.min(batchBytesMax, INTERNAL_RECORD_BYTES_MAX) - ADDED_BYTES_MAX
    const key = isKept && !columns.isNullKey(row) ? buffer : undefined
    const value = isKept && !columns.isNullValue(row) ? buffer : undefined
    const keyStart = columns.keyStart[row] as number
    const keyEnd = columns.keyEnd[row] as number
    this.writeHeaders(place, why, isKept)
    const { scratch } = this
    const partition = key === undefined ? place.partition % partitions : partitionFor(key, keyStart, keyEnd, partitions)
    const valueStart = columns.valueStart[row] as number
    const valueEnd = columns.valueEnd[row] as number
    const bytes = (isKept ? keyEnd - keyStart + valueEnd - valueStart : 0) + scratch.position + 70
    const batch = this.outputs.batchFor(to, partition, bytes)
    batch.append(now, key, keyStart, keyEnd, value, valueStart, valueEnd, scratch.buffer, 0, scratch.position)
  }

  /** Its own headers first, unchanged; then ours. */
  private writeHeaders(place: DeadLetterPlace, { node, reason, message }: DeadLetterReason, isKept: boolean): void {
    const { columns, row, topic, partition } = place
    const { scratch } = this
    const start = columns.headersStart[row] as number
    const end = columns.headersEnd[row] as number
    const reader = new ByteReader(columns.buffer, start, end)
    const own = isKept && end > start ? reader.varint() : 0
    const why = message.slice(0, MESSAGE_LENGTH_MAX)
    const headers = {
      reason,
      message: isKept ? why : `${why} (not kept here: ${recordBytes(place)} bytes are over the limit of a dead letter)`,
      node,
      topic,
      partition: String(partition),
      offset: String(columns.offset(row)),
      timestamp: String(columns.timestamp(row)),
      'schema-id': schemaIdOf(columns, row),
      topology: this.topologyHash,
      attempt: '1',
    }
    const entries = Object.entries(headers)
    scratch.reset()
    scratch.varint(own + entries.length)
    if (own > 0) scratch.bytes(columns.buffer, reader.position, end)
    for (const [name, text] of entries) {
      writeText(scratch, DEAD_LETTER_HEADER + name)
      writeText(scratch, text)
    }
  }
}

/** Of the record as it stands in its batch. */
function recordBytes({ columns, row }: DeadLetterPlace): number {
  return (columns.headersEnd[row] as number) - (columns.recordStart[row] as number)
}

function writeText(to: ByteWriter, text: string): void {
  to.varint(Buffer.byteLength(text))
  to.text(text)
}

/** The writer's schema id where the value is framed as Confluent does it, else empty. */
function schemaIdOf(columns: RecordColumns, row: number): string {
  const start = columns.valueStart[row] as number
  const length = (columns.valueEnd[row] as number) - start
  return length >= 5 && columns.buffer[start] === 0 ? String(columns.buffer.readUInt32BE(start + 1)) : ''
}
