// Where the fields of a record batch (format v2) stand, and its 64-bit numbers as safe integers.
// Everything from `attributes` on is covered by the CRC; the base offset is not, so a log may stamp it without reading the records.

export const batchField = {
  baseOffset: 0,
  batchLength: 8,
  leaderEpoch: 12,
  magic: 16,
  crc: 17,
  attributes: 21,
  lastOffsetDelta: 23,
  baseTimestamp: 27,
  maxTimestamp: 35,
  producerId: 43,
  producerEpoch: 51,
  baseSequence: 53,
  recordCount: 57,
  records: 61,
} as const

/** The bytes that `batchLength` does not count: base offset and the length itself. */
export const lengthPrefixBytes = 12

export const attribute = { codec: 7, logAppendTime: 8, transactional: 16, control: 32 } as const

export function readInt64(buffer: Buffer, position: number): number {
  return buffer.readInt32BE(position) * 4294967296 + buffer.readUInt32BE(position + 4)
}

export function writeInt64(buffer: Buffer, position: number, value: number): void {
  const high = Math.floor(value / 4294967296)
  buffer.writeInt32BE(high, position)
  buffer.writeUInt32BE(value - high * 4294967296, position + 4)
}
