// Rows in the binary format of COPY, from typed columns straight into pooled chunks. Every value is checked here, so that a bad one names its column
// before Postgres sees it.
import { BadRecord } from '../../core/errors.ts'
import type { RowBuffer } from './row-buffer.ts'
import type { ColumnType, NamedColumn, PgTableShape } from './table.ts'

type ColumnWriter = (out: RowBuffer, value: unknown, column: string) => void

export const copyHeader = Buffer.from('PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0', 'latin1')
export const copyTrailer = Buffer.from([0xff, 0xff])

/** Encodes rows of one table. Tables with a key carry two more columns: the deleted flag (where declared) and the row's number in the batch. */
export class RowEncoder {
  private readonly columns: readonly NamedColumn[]
  private readonly writers: readonly ColumnWriter[]
  private readonly kept: ReadonlySet<string>
  private readonly deletes: boolean
  private readonly numbered: boolean
  private readonly fields: number

  constructor(table: PgTableShape) {
    this.columns = table.columns
    this.writers = table.columns.map(({ type }) => writers[type])
    this.kept = new Set([...table.key, ...table.newest])
    this.deletes = table.deletes
    this.numbered = table.key.length > 0
    this.fields = table.columns.length + (this.deletes ? 1 : 0) + (this.numbered ? 1 : 0)
  }

  /** @throws BadRecord naming the column; nothing of the row stays in `out`. */
  encode(out: RowBuffer, row: Readonly<Record<string, unknown>>): void {
    try {
      this.write(out, row)
    } catch (error) {
      out.dropRow()
      throw error
    }
  }

  private write(out: RowBuffer, row: Readonly<Record<string, unknown>>): void {
    const deleted = this.deletes && row.deleted === true
    out.reserve(2)
    out.view.setInt16(out.position, this.fields)
    out.position += 2
    for (let i = 0; i < this.columns.length; i++) {
      const column = this.columns[i] as NamedColumn // bounded by the loop
      const value = deleted && !this.kept.has(column.name) ? null : row[column.name]
      if (value !== undefined && value !== null) (this.writers[i] as ColumnWriter)(out, value, column.name)
      else if (column.nullable || (deleted && !this.kept.has(column.name))) writeNull(out)
      else throw new BadRecord('null_value', `column ${column.name} is required, the row has no value for it`)
    }
    if (this.deletes) writeBoolean(out, deleted, 'deleted')
    if (this.numbered) writeInt4(out, out.rows, 'row')
    out.endRow()
  }
}

function writeNull(out: RowBuffer): void {
  out.reserve(4)
  out.view.setInt32(out.position, -1)
  out.position += 4
}

/** Reserves a field of `size` bytes, writes its length, and returns where its bytes go. */
function field(out: RowBuffer, size: number): number {
  out.reserve(4 + size)
  const { position } = out
  out.view.setInt32(position, size)
  out.position = position + 4 + size
  return position + 4
}

function writeInt4(out: RowBuffer, value: unknown, column: string): void {
  if (typeof value !== 'number' || (value | 0) !== value) throw misfit(column, value, 'a whole number of 32 bits')
  const at = field(out, 4)
  out.view.setInt32(at, value)
}

function writeInt8(out: RowBuffer, value: unknown, column: string): void {
  if (typeof value === 'bigint' && BigInt.asIntN(64, value) === value) {
    const at = field(out, 8)
    out.view.setBigInt64(at, value)
    return
  }
  if (typeof value !== 'number' || !Number.isSafeInteger(value)) {
    throw misfit(column, value, 'a whole number of 64 bits (beyond 2^53 a bigint)')
  }
  const high = Math.floor(value / 4294967296)
  const at = field(out, 8)
  out.view.setInt32(at, high)
  out.view.setUint32(at + 4, value - high * 4294967296)
}

function writeFloat8(out: RowBuffer, value: unknown, column: string): void {
  if (typeof value !== 'number' || !Number.isFinite(value)) throw misfit(column, value, 'a finite number')
  const at = field(out, 8)
  out.view.setFloat64(at, value)
}

function writeBoolean(out: RowBuffer, value: unknown, column: string): void {
  if (typeof value !== 'boolean') throw misfit(column, value, 'true or false')
  const at = field(out, 1)
  out.buffer[at] = value ? 1 : 0
}

// Postgres counts from 2000-01-01. Its times begin in 4713 BC, and end later than the numbers that are exact here.
const postgresEpochMs = 946_684_800_000
const timestampMinMs = -210_866_803_200_000

/** Microseconds as two halves of 32 bits: exact over the whole range without a bigint. */
function writeTimestamptz(out: RowBuffer, value: unknown, column: string): void {
  if (typeof value !== 'number' || !Number.isSafeInteger(value)) throw misfit(column, value, 'whole milliseconds')
  if (value < timestampMinMs) throw misfit(column, value, "within Postgres' range of times")
  const ms = value - postgresEpochMs
  const msHigh = Math.floor(ms / 4294967296)
  const low = (ms - msHigh * 4294967296) * 1000
  const carry = Math.floor(low / 4294967296)
  const at = field(out, 8)
  out.view.setInt32(at, msHigh * 1000 + carry)
  out.view.setUint32(at + 4, low - carry * 4294967296)
}

const dateForm = /^(\d{4})-(\d{2})-(\d{2})$/

function writeDate(out: RowBuffer, value: unknown, column: string): void {
  const ms = typeof value === 'string' && dateForm.test(value) ? Date.parse(`${value}T00:00:00Z`) : Number.NaN
  const exists = !Number.isNaN(ms) && new Date(ms).toISOString().slice(0, 10) === value
  if (!exists) throw misfit(column, value, 'a calendar date YYYY-MM-DD')
  const at = field(out, 4)
  out.view.setInt32(at, (ms - postgresEpochMs) / 86_400_000)
}

function writeBytea(out: RowBuffer, value: unknown, column: string): void {
  if (!(value instanceof Uint8Array)) throw misfit(column, value, 'bytes')
  const at = field(out, value.length)
  out.buffer.set(value, at)
}

function writeText(out: RowBuffer, value: unknown, column: string): void {
  if (typeof value !== 'string') throw misfit(column, value, 'text')
  if (value.length <= shortText && writeShortAscii(out, value)) return
  if (value.includes('\u0000'))
    throw new BadRecord('nul_in_text', `column ${column}: Postgres text cannot hold \\u0000`)
  writeUtf8(out, value, column, 0)
}

// Up to here a loop over the characters beats the call into V8's encoder.
const shortText = 32

/** False, with nothing written, when the text is not plain ASCII. */
function writeShortAscii(out: RowBuffer, text: string): boolean {
  const { length } = text
  out.reserve(4 + length)
  const { buffer, position } = out
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(i)
    if (code === 0 || code > 127) return false
    buffer[position + 4 + i] = code
  }
  out.view.setInt32(position, length)
  out.position = position + 4 + length
  return true
}

const loneSurrogate = /\p{Surrogate}/u

/** Text behind `prefix` bytes that the caller fills in. */
function writeUtf8(out: RowBuffer, text: string, column: string, prefix: number): number {
  out.reserve(4 + prefix + text.length * 3)
  const { position } = out
  const written = out.buffer.utf8Write(text, position + 4 + prefix)
  if (written !== text.length && loneSurrogate.test(text)) {
    throw new BadRecord('malformed_text', `column ${column}: the text holds half of a surrogate pair`)
  }
  out.view.setInt32(position, prefix + written)
  out.position = position + 4 + prefix + written
  return position + 4
}

const jsonbVersion = 1
// In the output of JSON.stringify an escaped surrogate is always a lone one.
const jsonMisfit = /(?:^|[^\\])(?:\\\\)*\\u(?:0000|d[89a-f])/

function writeJsonb(out: RowBuffer, value: unknown, column: string): void {
  const text = jsonOf(value, column)
  if (text.includes('\\u') && jsonMisfit.test(text)) {
    throw new BadRecord('malformed_text', `column ${column}: jsonb cannot hold \\u0000 or half of a surrogate pair`)
  }
  const at = writeUtf8(out, text, column, 1)
  out.buffer[at] = jsonbVersion
}

function jsonOf(value: unknown, column: string): string {
  try {
    const text = JSON.stringify(value, finiteOnly)
    if (typeof text === 'string') return text
  } catch (cause) {
    throw new BadRecord('value_misfit', `column ${column}: not representable as JSON`, { cause })
  }
  throw misfit(column, value, 'representable as JSON')
}

/** JSON would turn NaN and the infinities into null without a word. */
function finiteOnly(_key: string, value: unknown): unknown {
  if (typeof value === 'number' && !Number.isFinite(value)) throw new RangeError(`${value} is not a JSON number`)
  return value
}

function misfit(column: string, value: unknown, wanted: string): BadRecord {
  const shown =
    typeof value === 'string'
      ? JSON.stringify(value.slice(0, 60))
      : typeof value === 'object'
        ? 'an object'
        : String(value)
  return new BadRecord('value_misfit', `column ${column} must be ${wanted}, not ${shown} (${typeof value})`)
}

const writers: Readonly<Record<ColumnType, ColumnWriter>> = {
  text: writeText,
  int4: writeInt4,
  int8: writeInt8,
  float8: writeFloat8,
  boolean: writeBoolean,
  timestamptz: writeTimestamptz,
  date: writeDate,
  jsonb: writeJsonb,
  bytea: writeBytea,
}
