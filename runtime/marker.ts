// The commit marker: what one task has read and knows of time, written into its changelog with every commit.
// State and position are thus read from the same log (exactly-once.md §2).
import type { UpstreamStatus } from '../kafka/engine-header.ts'
import type { OpenSpan } from '../processors/operator.ts'

export interface InputPosition {
  /** Id of the topic; another id means another log. */
  readonly topicId: string
  /** Next offset to read. */
  readonly offset: number
  /** Source clock, ms UTC; null before the first valid event. */
  readonly clock: number | null
}

export interface Marker {
  /** By topic name. */
  readonly inputs: Readonly<Record<string, InputPosition>>
  /** What upstream tasks have said, by task name. */
  readonly upstream: Readonly<Record<string, { readonly watermark: number; readonly status: UpstreamStatus }>>
  /** The task's watermark, ms UTC; null before the first. */
  readonly watermark: number | null
  /** Absent: all that is due at the watermark is closed. Else `node` has more to close, and it and those behind it stand at `from`. */
  readonly closing?: { readonly node: string; readonly from: number | null }
  /** By node: which windows may be open, null for none; a node that is not here has to look at all of them. */
  readonly open: Readonly<Record<string, OpenSpan | null>>
  /** Counts by `node/outcome` and `node/in`, `node/out`, over the data's whole life. */
  readonly counts: Readonly<Record<string, number>>
}

export const emptyMarker: Marker = { inputs: {}, upstream: {}, watermark: null, open: {}, counts: {} }

export function encodeMarker(marker: Marker): Buffer {
  return Buffer.from(JSON.stringify(marker))
}

export function decodeMarker(bytes: Buffer | undefined): Marker {
  return bytes === undefined ? emptyMarker : { ...emptyMarker, ...JSON.parse(bytes.toString('utf8')) }
}
