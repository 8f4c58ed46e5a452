// What the pieces of a file say: one row a piece, malformed where it is no JSON or no CSV.
import { isUtf8 } from 'node:buffer'
import { csvFields, csvRows, manyCsvFields } from './csv.ts'
import type { Piece } from './pieces.ts'
import type { KeyedRow, RowFormat } from './source.ts'

export type RowReader<Raw> = (pieces: readonly Piece[]) => KeyedRow<Raw>[]

export function jsonReader<Raw>(format: RowFormat<Raw>): RowReader<Raw> {
  return (pieces) => pieces.map(({ bytes }) => jsonRow(bytes, format))
}

/** `header`: the first piece of the file. */
export function csvReader<Raw>(header: Piece, format: RowFormat<Raw>): RowReader<Raw> {
  const read = csvRows(csvFields(header.bytes.toString('utf8')), format)
  return (pieces) => {
    const records = pieces.filter(({ end }) => end > header.end)
    const texts = records.map(({ bytes }) => bytes.toString('utf8'))
    const fast = records.every(({ bytes }) => isUtf8(bytes)) ? manyCsvFields(texts) : undefined
    if (fast !== undefined) return fast.map((fields) => format.toRow(read(fields)))
    return records.map(({ bytes }) => {
      const fields = fieldsOrNone(bytes)
      return fields === undefined ? format.malformed(bytes.toString('utf8')) : format.toRow(read(fields))
    })
  }
}

function fieldsOrNone(bytes: Buffer): readonly string[] | undefined {
  try {
    return isUtf8(bytes) ? csvFields(bytes.toString('utf8')) : undefined
  } catch {
    return undefined
  }
}

function jsonRow<Raw>(bytes: Buffer, format: RowFormat<Raw>): KeyedRow<Raw> {
  const text = bytes.toString('utf8')
  if (!isUtf8(bytes)) return format.malformed(text)
  let value: unknown
  try {
    value = JSON.parse(text.charCodeAt(0) === 0xfeff ? text.slice(1) : text)
  } catch {
    return format.malformed(text)
  }
  return format.toRow(value)
}
