// The checkpoint as the fields of a Redis hash, beside the counts of what each hash of entries holds.
import { StateCorrupted } from '../../core/errors.ts'
import type { Checkpoint, CheckpointMove } from '../backend.ts'

export const checkpointFields = ['token', 'offset', 'topic', 'appendedAt', 'marker', 'writer', 'incarnation'] as const

type Fields = ReadonlyMap<string, Buffer>

export interface HashCounts {
  readonly hashName: string
  readonly entries: number
  readonly bytes: number
}

/** @throws StateCorrupted when fields are missing that every claim writes. */
export function readCheckpoint(fields: Fields): Checkpoint {
  const topic = fields.get('topic')
  const writer = fields.get('writer')
  if (topic === undefined)
    throw new StateCorrupted('state_mismatch', 'the checkpoint in Redis is not whole: its topic id is missing')
  return {
    token: number(fields, 'token'),
    offset: number(fields, 'offset'),
    topicId: topic.toString(),
    marker: fields.get('marker'),
    writer: writer && { transactionalId: writer.toString(), incarnation: number(fields, 'incarnation') },
    appendedAt: number(fields, 'appendedAt'),
  }
}

/** Fields and values of what a flush moves, in bytes of our own. */
export function movedFields({ to, marker, writer, appendedAt }: CheckpointMove): (string | number | Buffer)[] {
  return [
    ...['offset', to, 'appendedAt', appendedAt],
    ...(marker === undefined ? [] : ['marker', Buffer.from(marker)]),
    ...(writer === undefined ? [] : ['writer', writer.transactionalId, 'incarnation', writer.incarnation]),
  ]
}

export function readCounts(fields: Fields): HashCounts[] {
  return [...fields.keys()]
    .filter((field) => field.startsWith(COUNT))
    .map((field) => {
      const hashName = field.slice(COUNT.length)
      return { hashName, entries: number(fields, field), bytes: number(fields, `bytes:${hashName}`) }
    })
}

const COUNT = 'entries:'

function number(fields: Fields, name: string): number {
  const value = Number(fields.get(name)?.toString() ?? Number.NaN)
  if (Number.isNaN(value))
    throw new StateCorrupted('state_mismatch', `the checkpoint in Redis is not whole: ${name} is no number`)
  return value
}
