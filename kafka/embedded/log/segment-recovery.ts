// Opens a partition's segments after a stop or a crash: only what follows the newest producer snapshot is read, and a torn tail is cut off.
import { StreamsError } from '../../../core/errors.ts'
import { readBatchHeader, readControlType } from '../../record-batch/batch-header.ts'
import type { LogStorage } from '../storage/log-storage.ts'
import { LogSegment } from './log-segment.ts'
import { ProducerStates } from './producer-states.ts'

export function recoverSegments(
  storage: LogStorage,
  directory: string,
  startOffset: number,
  now: number,
): { readonly segments: LogSegment[]; readonly producers: ProducerStates } {
  const names = storage.list(directory)
  const segments = names
    .filter((name) => name.endsWith('.log'))
    .map((name) => new LogSegment(storage, directory, Number.parseInt(name, 10)))
  if (segments.length === 0) segments.push(new LogSegment(storage, directory, startOffset))
  const first = newestSnapshot(segments)
  const producers = new ProducerStates(segments[first]?.readSnapshot())
  for (const segment of segments.slice(first)) recoverSegment(segment, producers, now)
  for (const name of names) if (isLeftOver(name)) storage.remove(`${directory}/${name}`)
  return { segments, producers }
}

function newestSnapshot(segments: readonly LogSegment[]): number {
  for (let i = segments.length - 1; i > 0; i--) if (segments[i]?.readSnapshot() !== undefined) return i
  return 0
}

/** @throws StreamsError `corrupt_log`: cutting off what follows the damage would silently lose what was committed. */
function recoverSegment(segment: LogSegment, producers: ProducerStates, now: number): void {
  try {
    segment.recover((buffer, at) => replayBatch(buffer, at, producers, now))
  } catch (cause) {
    if (!(cause instanceof StreamsError)) throw cause
    throw new StreamsError('corrupt_log', `${segment.logPath} is damaged: restore it from a copy`, { cause })
  }
}

function replayBatch(buffer: Buffer, at: number, producers: ProducerStates, now: number): void {
  const header = readBatchHeader(buffer, at)
  const type = header.isControl ? readControlType(buffer, at) : undefined
  if (!header.isControl) producers.appended(header, header.baseOffset, now)
  else if (type !== undefined) producers.ended(header.producerId, header.epoch, type, header.baseOffset, now)
}

/** What a crash left of a compaction or of an atomic replacement. */
const isLeftOver = (name: string) => name.endsWith('.cleaned') || name.endsWith('.new')
