// Contract stub; replaced by the codec.
import type { ByteWriter } from '../../core/byte-writer.ts'

export interface BatchStamp {
  readonly producerId: number
  readonly epoch: number
  readonly sequence: number
  readonly isTransactional: boolean
}

export declare class RecordBatchWriter {
  readonly count: number
  readonly byteLength: number
  reset(): void
  /** `keyStart`/`keyEnd` bound the key in `key`; null keys and values are `undefined`. `headers` is the encoded header section (count varint and entries), undefined = no headers. */
  append(
    timestamp: number,
    key: Buffer | undefined,
    keyStart: number,
    keyEnd: number,
    value: Buffer | undefined,
    valueStart: number,
    valueEnd: number,
    headers?: Buffer,
    headersStart?: number,
    headersEnd?: number,
  ): void
  finish(stamp: BatchStamp): Buffer
}
export type { ByteWriter }
