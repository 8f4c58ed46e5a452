// Contract stub; replaced by the codec.
export declare class RecordColumns {
  /** Rows in use. */
  count: number
  buffer: Buffer
  baseOffset: number
  baseTimestamp: number
  /** Of LogAppendTime batches: every record's timestamp; else −1. */
  appendTime: number
  producerId: number
  readonly offsetDelta: Int32Array
  readonly timestampDelta: Float64Array
  /** −1 in `keyEnd` − i.e. keyEnd < keyStart − means null. Positions in `buffer`. */
  readonly keyStart: Int32Array
  readonly keyEnd: Int32Array
  readonly valueStart: Int32Array
  readonly valueEnd: Int32Array
  /** The header section: its count varint and entries, to `headersEnd`. */
  readonly headersStart: Int32Array
  readonly headersEnd: Int32Array
  offset(row: number): number
  timestamp(row: number): number
  isNullKey(row: number): boolean
  isNullValue(row: number): boolean
}
/** Decodes the batch at `position` into `columns`; checks its CRC32C. Returns the position behind it. @throws StreamsError `corrupt_batch` */
export declare function readRecordBatch(buffer: Buffer, position: number, columns: RecordColumns): number
