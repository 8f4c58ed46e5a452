// Puts what a commit must remember into the changelog's record batches: marker first, release last (exactly-once.md §3, R4a).
import { StreamsError } from '../core/errors.ts'
import type { Writer } from '../state/backend.ts'
import {
  appendFenceTombstone,
  appendMarker,
  appendPut,
  appendRelease,
  type ChangelogBatch,
  storePrefix,
} from '../state/changelog.ts'
import { INTERNAL_RECORD_BYTES_MAX, type OutputBuffers } from './output-buffers.ts'
import type { TaskCommit } from './task.ts'

/** Room for lengths and deltas around a record, and for a writer's name. */
const RECORD_OVERHEAD_BYTES = 60
const ENGINE_RECORD_BYTES = 400

export class ChangelogWriter {
  private readonly outputs: OutputBuffers
  private readonly prefixes = new Map<string, Buffer>()

  constructor(outputs: OutputBuffers) {
    this.outputs = outputs
  }

  append({ task, marker, changes }: TaskCommit, writer: Writer, releasing: boolean, now: number): void {
    const batch = (bytes: number): ChangelogBatch =>
      this.outputs.batchFor(task.changelogTopic, task.task.partition, bytes)
    appendMarker(batch(marker.length + ENGINE_RECORD_BYTES), now, writer, marker)
    changes.forEach((store, key, keyStart, keyEnd, value, valueStart, valueEnd) => {
      const prefix = this.prefix(store)
      const bytes = prefix.length + keyEnd - keyStart + Math.max(0, valueEnd - valueStart) + RECORD_OVERHEAD_BYTES
      if (bytes > INTERNAL_RECORD_BYTES_MAX) throw tooLarge(task.name, store, bytes)
      appendPut(batch(bytes), now, prefix, key, keyStart, keyEnd, value, valueStart, valueEnd)
    })
    for (const dead of task.oldFences) appendFenceTombstone(batch(ENGINE_RECORD_BYTES), now, dead)
    if (releasing) appendRelease(batch(ENGINE_RECORD_BYTES), now, writer)
  }

  private prefix(store: string): Buffer {
    let prefix = this.prefixes.get(store)
    if (prefix === undefined) {
      prefix = storePrefix(store)
      this.prefixes.set(store, prefix)
    }
    return prefix
  }
}

/** Which of its records made it so large is not known, and without the entry its store would be wrong. */
function tooLarge(task: string, store: string, bytes: number): StreamsError {
  return new StreamsError(
    'state_too_large',
    `task ${task} holds ${bytes} bytes under one key of store ${store}, and a changelog takes ${INTERNAL_RECORD_BYTES_MAX}: let the store keep less of each key`,
  )
}
