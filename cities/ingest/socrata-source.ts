// A Socrata dataset as a source without end. Metadata first: pages are asked for only when something has landed. Rows leave in the order of their
// cases; the cursor moves behind them. Rows may become visible out of order: each poll reaches back to a little before the last one.
import type { Clock } from '../../core/clock.ts'
import { minutes } from '../../core/duration.ts'
import type { Query, SocrataClient } from './socrata-client.ts'
import { fromCursor, type Place, type SocrataCursor, toCursor, type Witness } from './socrata-cursor.ts'
import type { Cursor, KeyedRow, RowBatch, RowFormat, Source } from './source.ts'

export interface SocrataSourceOptions<Raw> {
  readonly client: SocrataClient
  /** Part of the cursor's name. */
  readonly dataset: string
  readonly clock: Clock
  readonly format: RowFormat<Raw>
  readonly contentOf: (raw: Raw) => string
  /** Column of the case's opening, by which the load is ordered, and the column of its id. */
  readonly openedColumn: string
  readonly idColumn: string
  /** Only cases opened since then, in the column's own form. */
  readonly since?: string
  /** Default 5 min. */
  readonly pollMs?: number
  /** How long a row may take from its `:updated_at` until it is visible; default 10 min. */
  readonly overlapMs?: number
  /** Default 5,000. */
  readonly pageRows?: number
  /** Pages of a poll that are put in order together; default 8. */
  readonly pagesOrdered?: number
  readonly onReload?: () => void
}

const BATCH_ROWS = 2000
const WITNESSES = 20
const UPDATED = ':updated_at'

type PortalRow = Readonly<Record<string, unknown>>

export class SocrataSource<Raw> implements Source<Raw> {
  readonly name: string
  private readonly options: SocrataSourceOptions<Raw>
  private position: SocrataCursor

  constructor(options: SocrataSourceOptions<Raw>) {
    this.options = options
    this.name = `socrata:${options.dataset}`
    this.position = { phase: 'load', after: undefined, touchedUntil: '', witnesses: [], landedAt: 0, polledAt: 0 }
  }

  async *rows(cursor: Cursor | undefined, signal: AbortSignal): AsyncGenerator<RowBatch<Raw>> {
    const { client, clock, pollMs = minutes(5) } = this.options
    this.position = fromCursor(cursor) ?? (await this.beginning(signal, []))
    if (this.position.phase === 'load') yield* this.load(signal)
    while (!signal.aborted) {
      const landedAt = await client.rowsUpdatedAt(signal)
      if (landedAt !== this.position.landedAt) {
        if (await this.isRewritten(signal)) {
          this.options.onReload?.()
          this.position = await this.beginning(signal, this.position.witnesses)
          yield* this.load(signal)
        } else {
          yield* this.follow(landedAt, signal)
        }
      }
      await clock.sleep(pollMs, signal)
    }
  }

  /** Noted before the first page, so that what changes during the load is read again afterwards. */
  private async beginning(signal: AbortSignal, witnesses: readonly Witness[]): Promise<SocrataCursor> {
    const polledAt = this.options.clock.now()
    const [newest] = await this.options.client.page({ select: `max(${UPDATED}) as updated` }, signal)
    const updated = isRow(newest) && typeof newest.updated === 'string' ? newest.updated : ''
    return { phase: 'load', after: undefined, touchedUntil: updated, witnesses, landedAt: 0, polledAt }
  }

  private async *load(signal: AbortSignal): AsyncGenerator<RowBatch<Raw>> {
    const { openedColumn, since } = this.options
    const bound = since === undefined ? `${openedColumn} IS NOT NULL` : `${openedColumn} >= ${quoted(since)}`
    for (;;) {
      const { after } = this.position
      const page = await this.page(openedColumn, { after, where: bound }, signal)
      const rows = page.map((row) => this.options.format.toRow(row))
      const last = page.at(-1)
      if (last !== undefined) this.position = { ...this.position, after: placeOf(last, openedColumn) }
      this.position = { ...this.position, witnesses: this.witnessesWith(page, rows) }
      const isWhole = page.length < this.pageRows
      if (isWhole) this.position = { ...this.position, phase: 'follow', after: endOf(this.position.touchedUntil) }
      yield* inBatches(rows, undefined, this.position)
      if (isWhole || signal.aborted) return
    }
  }

  /** All that was touched since the last poll, some pages at a time. */
  private async *follow(landedAt: number, signal: AbortSignal): AsyncGenerator<RowBatch<Raw>> {
    const { pagesOrdered = 8, overlapMs = minutes(10), since, openedColumn } = this.options
    const where = since === undefined ? undefined : `${openedColumn} >= ${quoted(since)}`
    const polledAt = this.options.clock.now()
    let after = earlier(this.position.after, startOf(this.position.polledAt - overlapMs))
    for (let isWhole = false; !isWhole && !signal.aborted; ) {
      const rows: PortalRow[] = []
      for (let pages = 0; pages < pagesOrdered && !isWhole; pages++) {
        const page = await this.page(UPDATED, { after, where }, signal)
        rows.push(...page)
        const last = page.at(-1)
        if (last !== undefined) after = placeOf(last, UPDATED)
        isWhole = page.length < this.pageRows
      }
      const before = this.position
      const polled = isWhole ? { landedAt, polledAt } : {}
      this.position = { ...before, ...polled, after: later(before.after, after) }
      yield* inBatches(this.inOrder(rows), before, this.position)
    }
  }

  /** Whether the portal has written all rows anew: most of the witnesses are touched although they say the same as before. */
  private async isRewritten(signal: AbortSignal): Promise<boolean> {
    const { client, idColumn, contentOf, format } = this.options
    const { witnesses, after } = this.position
    if (witnesses.length === 0 || after === undefined) return false
    const ids = witnesses.map(({ id }) => quoted(id)).join(', ')
    const rows = await client.page({ select: ':*, *', where: `${idColumn} in (${ids})` }, signal)
    const contents = new Map(witnesses.map(({ id, content }) => [id, content]))
    const rewritten = rows.filter(
      (row) =>
        isRow(row) &&
        textOf(row, UPDATED) > after.value &&
        contents.get(textOf(row, idColumn)) === contentOf(format.toRow(row).raw),
    )
    return rewritten.length > witnesses.length / 2
  }

  private get pageRows(): number {
    return this.options.pageRows ?? 5000
  }

  private async page(
    order: string,
    { after, where }: { readonly after: Place | undefined; readonly where: string | undefined },
    signal: AbortSignal,
  ): Promise<readonly PortalRow[]> {
    const behind =
      after === undefined
        ? undefined
        : `(${order} > ${quoted(after.value)} OR (${order} = ${quoted(after.value)} AND :id > ${quoted(after.id)}))`
    const query: Query = {
      select: ':*, *',
      where: [where, behind].filter((part) => part !== undefined).join(' AND ') || undefined,
      order: `${order}, :id`,
      limit: String(this.pageRows),
    }
    return (await this.options.client.page(query, signal)).filter(isRow)
  }

  private witnessesWith(page: readonly PortalRow[], rows: readonly KeyedRow<Raw>[]): readonly Witness[] {
    const { contentOf, idColumn } = this.options
    const { witnesses } = this.position
    if (witnesses.length >= WITNESSES) return witnesses
    const more = rows.slice(0, WITNESSES - witnesses.length).map(({ raw }, i) => {
      return { id: textOf(page[i] ?? {}, idColumn), content: contentOf(raw) }
    })
    return [...witnesses, ...more]
  }

  private inOrder(rows: readonly PortalRow[]): readonly KeyedRow<Raw>[] {
    const { openedColumn, idColumn, format } = this.options
    const placed = rows.map((row) => ({ row, opened: textOf(row, openedColumn), id: textOf(row, idColumn) }))
    placed.sort((a, b) => compare(a.opened, b.opened) || a.id.length - b.id.length || compare(a.id, b.id))
    return placed.map(({ row }) => format.toRow(row))
  }
}

/** The cursor may only move behind the last of these rows: until then a restart begins `before` them. */
function* inBatches<Raw>(
  rows: readonly KeyedRow<Raw>[],
  before: SocrataCursor | undefined,
  behind: SocrataCursor,
): Generator<RowBatch<Raw>> {
  const step = before === undefined ? Math.max(1, rows.length) : BATCH_ROWS
  for (let at = 0; at < rows.length || at === 0; at += step) {
    const isLast = at + step >= rows.length
    yield { rows: rows.slice(at, at + step), cursor: toCursor(isLast || before === undefined ? behind : before) }
  }
}

function placeOf(row: PortalRow, column: string): Place {
  return { value: textOf(row, column), id: textOf(row, ':id') }
}

/** Before every row of that moment. */
function startOf(instant: number): Place {
  return { value: new Date(instant).toISOString(), id: '' }
}

/** Behind every row of that moment: what was written together became visible together. */
function endOf(moment: string): Place | undefined {
  return moment === '' ? undefined : { value: moment, id: '~' }
}

function earlier(a: Place | undefined, b: Place): Place | undefined {
  return a === undefined || comparePlaces(a, b) < 0 ? a : b
}

function later(a: Place | undefined, b: Place | undefined): Place | undefined {
  if (a === undefined || b === undefined) return a ?? b
  return comparePlaces(a, b) > 0 ? a : b
}

function comparePlaces(a: Place, b: Place): number {
  return compare(a.value, b.value) || compare(a.id, b.id)
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function textOf(row: PortalRow, column: string): string {
  const value = row[column]
  return typeof value === 'string' ? value : value === undefined || value === null ? '' : String(value)
}

function isRow(row: unknown): row is PortalRow {
  return typeof row === 'object' && row !== null
}

/** A text in SoQL. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}
