// Where reading a Socrata dataset goes on: a first load in the order of the cases, then whatever the portal has touched since.
//
//   load   by (requested_datetime, :id) up to the end, after noting the highest :updated_at
//   follow by (:updated_at, :id) from the noted one on, for ever; when the portal has rewritten all rows, load again
import type { Cursor } from './source.ts'

/** A place in an order of rows: the value of the ordering column, then `:id`. */
export interface Place {
  readonly value: string
  readonly id: string
}

/** An old row by its id: if it is touched and its content is the same, the portal has rewritten everything. */
export interface Witness {
  readonly id: string
  readonly content: string
}

export interface SocrataCursor {
  readonly phase: 'load' | 'follow'
  /** Last row read in the order of the phase; undefined: from the beginning. */
  readonly after: Place | undefined
  /** Load: the highest `:updated_at` before it began; following begins there. */
  readonly touchedUntil: string
  readonly witnesses: readonly Witness[]
  /** `rowsUpdatedAt` of the metadata at the last complete poll. */
  readonly landedAt: number
  /** When that poll, or the load, began, ms UTC: rows touched shortly before may have become visible since. */
  readonly polledAt: number
}

export function toCursor(position: SocrataCursor): Cursor {
  return { ...position }
}

/** What `toCursor` made of it; undefined for anything else. */
export function fromCursor(cursor: Cursor | undefined): SocrataCursor | undefined {
  if (cursor === undefined) return undefined
  const { phase, after, touchedUntil, witnesses, landedAt, polledAt } = cursor
  if ((phase !== 'load' && phase !== 'follow') || typeof touchedUntil !== 'string') return undefined
  if (typeof landedAt !== 'number' || typeof polledAt !== 'number') return undefined
  const place = isTexts(after, 'value', 'id') ? { value: after.value, id: after.id } : undefined
  const list: readonly unknown[] = Array.isArray(witnesses) ? witnesses : []
  const known = list.flatMap((one) => (isTexts(one, 'id', 'content') ? [{ id: one.id, content: one.content }] : []))
  return { phase, after: place, touchedUntil, witnesses: known, landedAt, polledAt }
}

function isTexts<A extends string, B extends string>(value: unknown, a: A, b: B): value is Record<A | B, string> {
  if (typeof value !== 'object' || value === null) return false
  const entries = new Map(Object.entries(value))
  return typeof entries.get(a) === 'string' && typeof entries.get(b) === 'string'
}
