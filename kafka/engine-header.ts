// The one header the engine writes on every record: event time, clock and ingest time of data, or a task's watermark.
//
//   header section:  count=1 · name length=1 · 'm' · value length · value
//   data:            0 · varint timestamp · varint clock − timestamp · varint ingestedAt
//   watermark:       1 · varint subtopology · varint partition · varint watermark · status
import type { ByteReader } from '../core/byte-reader.ts'
import type { ByteWriter } from '../core/byte-writer.ts'

const COUNT_OF_ONE = 2
const NAME_LENGTH_ONE = 2
export const ENGINE_HEADER_NAME = 'm'
const NAME = ENGINE_HEADER_NAME.charCodeAt(0)
const DATA = 0
const WATERMARK = 1

export type UpstreamStatus = 'active' | 'idle' | 'ended'
const statuses: readonly UpstreamStatus[] = ['active', 'idle', 'ended']

/** Whether a header section is the engine's own; then `readEngineHeader` may read it. */
export function hasEngineHeader(buffer: Buffer, start: number, end: number): boolean {
  return (
    end - start > 5 &&
    buffer[start] === COUNT_OF_ONE &&
    buffer[start + 1] === NAME_LENGTH_ONE &&
    buffer[start + 2] === NAME
  )
}

/** What the header says; one object, reused from record to record. */
export class EngineHeader {
  kind: 'data' | 'watermark' = 'data'
  /** Event time, ms UTC. */
  timestamp = 0
  clock = 0
  /** ms UTC; 0 if unknown. */
  ingestedAt = 0
  subtopology = 0
  partition = 0
  watermark = 0
  status: UpstreamStatus = 'active'

  /** Reads the section that `hasEngineHeader` has recognised. @throws BadRecord when it is cut. */
  read(reader: ByteReader, buffer: Buffer, start: number, end: number): void {
    reader.buffer = buffer
    reader.position = start + 4
    reader.end = end
    this.kind = reader.byte() === WATERMARK ? 'watermark' : 'data'
    if (this.kind === 'data') {
      this.timestamp = reader.varint()
      this.clock = this.timestamp + reader.varint()
      this.ingestedAt = reader.varint()
      return
    }
    this.subtopology = reader.varint()
    this.partition = reader.varint()
    this.watermark = reader.varint()
    this.status = statuses[reader.byte()] ?? 'active'
  }
}

/** Writes a whole header section for a data record. */
export function writeDataHeader(to: ByteWriter, timestamp: number, clock: number, ingestedAt: number): void {
  const lengthAt = begin(to, DATA)
  to.varint(timestamp)
  to.varint(clock - timestamp)
  to.varint(ingestedAt)
  end(to, lengthAt)
}

/** Writes a whole header section for a watermark record (which has neither key nor value). */
export function writeWatermarkHeader(
  to: ByteWriter,
  task: { subtopology: number; partition: number },
  watermark: number,
  status: UpstreamStatus,
): void {
  const lengthAt = begin(to, WATERMARK)
  to.varint(task.subtopology)
  to.varint(task.partition)
  to.varint(watermark)
  to.byte(statuses.indexOf(status))
  end(to, lengthAt)
}

function begin(to: ByteWriter, kind: number): number {
  to.reserve(48)
  to.byte(COUNT_OF_ONE)
  to.byte(NAME_LENGTH_ONE)
  to.byte(NAME)
  const lengthAt = to.position
  to.byte(0)
  to.byte(kind)
  return lengthAt
}

/** The value is at most 31 bytes, so its zigzag length fits one byte. */
function end(to: ByteWriter, lengthAt: number): void {
  to.buffer[lengthAt] = (to.position - lengthAt - 1) << 1
}
