// A local Socrata portal with one dataset, as its documentation says: $select, $where, $order, $limit, system fields, tags, tokens – and its faults.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export type PortalRow = Readonly<Record<string, unknown>>

/** What happens to a request instead of an answer. */
export type Fault = 'busy' | 'preparing' | 'failing' | 'cut' | 'silent'

export interface SodaRequest {
  readonly path: string
  readonly query: ReadonlyMap<string, string>
  readonly headers: IncomingMessage['headers']
  readonly status: number
}

export class SodaServer {
  readonly requests: SodaRequest[] = []
  /** Asked before each request. */
  fault: (request: Omit<SodaRequest, 'status'>) => Fault | undefined = () => undefined
  /** Called after each page has been chosen: to change rows between pages. */
  onPage: () => void = () => {}
  private readonly dataset: string
  private readonly rows = new Map<string, PortalRow>()
  private readonly server = createServer((request, response) => this.answer(request, response))
  private landedAt = 1
  private nextRow = 1

  private constructor(dataset: string) {
    this.dataset = dataset
  }

  static async open(dataset = 'vw6y-z8j6'): Promise<SodaServer> {
    const portal = new SodaServer(dataset)
    await new Promise<void>((resolve) => portal.server.listen(0, '127.0.0.1', resolve))
    return portal
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`
  }

  async close(): Promise<void> {
    this.server.closeAllConnections()
    await new Promise((resolve) => this.server.close(resolve))
  }

  /** Inserts or replaces rows by their case; the dataset has changed afterwards. */
  land(rows: readonly PortalRow[], updatedAt: string): void {
    for (const row of rows) {
      const id = String(row.service_request_id)
      const system = { ':id': this.rows.get(id)?.[':id'] ?? this.newRowId(), ':updated_at': updatedAt }
      this.rows.set(id, { ...row, ...system })
    }
    this.landedAt++
  }

  /** Writes every row anew, as a full reload does: other ids, other times, the same content. */
  reload(updatedAt: string): void {
    const rows = [...this.rows.values()]
    this.rows.clear()
    this.land(
      rows.map((row) => ({ ...row, data_loaded_at: updatedAt.slice(0, 23) })),
      updatedAt,
    )
  }

  private newRowId(): string {
    // Random on the portal: their order has nothing to do with the rows.
    return `row-${((this.nextRow++ * 7919) % 1_000_003).toString(36).padStart(4, '0')}`
  }

  private answer(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? '/', this.url)
    const query = new Map([...url.searchParams].map(([name, value]) => [name.replace('$', ''), value]))
    const asked = { path: url.pathname, query, headers: request.headers }
    const fault = this.fault(asked)
    if (fault === undefined) this.serve(asked, response)
    else this.fail(fault, asked, response)
  }

  private serve(asked: Omit<SodaRequest, 'status'>, response: ServerResponse): void {
    const isMetadata = asked.path.startsWith('/api/views/')
    const body = isMetadata ? { id: this.dataset, rowsUpdatedAt: this.landedAt } : this.page(asked.query)
    const tag = `W/"${this.landedAt}"`
    const status = asked.headers['if-none-match'] === tag ? 304 : 200
    this.requests.push({ ...asked, status })
    response.writeHead(status, { etag: tag, 'content-type': 'application/json' })
    response.end(status === 304 ? undefined : JSON.stringify(body))
  }

  private fail(fault: Fault, asked: Omit<SodaRequest, 'status'>, response: ServerResponse): void {
    const statuses = { busy: 429, preparing: 202, failing: 503, cut: 200, silent: 0 } as const
    const status = statuses[fault]
    this.requests.push({ ...asked, status })
    if (fault === 'silent') return
    response.writeHead(status, fault === 'busy' ? { 'retry-after': '2' } : {})
    response.end(fault === 'cut' ? '[{"service_request_id":"1"' : '{"error":true}')
  }

  private page(query: ReadonlyMap<string, string>): readonly unknown[] {
    const matching = [...this.rows.values()].filter(predicate(query.get('where')))
    const select = query.get('select') ?? '*'
    const aggregate = /^max\((\S+)\) as (\w+)$/.exec(select)
    if (aggregate !== null) {
      const [, column = '', name = ''] = aggregate
      const values = matching.map((row) => String(row[column])).sort()
      return [values.length === 0 ? {} : { [name]: values.at(-1) }]
    }
    const columns = (query.get('order') ?? ':id').split(', ')
    matching.sort((a, b) => columns.reduce((order, column) => order || compare(a[column], b[column]), 0))
    const page = matching.slice(0, Number(query.get('limit') ?? 1000)).map((row) => selected(row, select))
    this.onPage()
    return page
  }
}

function selected(row: PortalRow, select: string): PortalRow {
  return select.includes(':*') ? row : Object.fromEntries(Object.entries(row).filter(([name]) => !name.startsWith(':')))
}

/** AND, OR, parentheses, comparisons with texts, IN, IS NOT NULL: what the client asks. */
function predicate(where: string | undefined): (row: PortalRow) => boolean {
  if (where === undefined || where === '') return () => true
  const tokens = where.match(/'(?:[^']|'')*'|[()<>=,]+?=?|[:\w]+/g) ?? []
  let at = 0
  const next = () => tokens[at++] ?? ''
  const either = (): ((row: PortalRow) => boolean) => {
    const parts = [both()]
    while (tokens[at] === 'OR') {
      at++
      parts.push(both())
    }
    return (row) => parts.some((part) => part(row))
  }
  const both = (): ((row: PortalRow) => boolean) => {
    const parts = [one()]
    while (tokens[at] === 'AND') {
      at++
      parts.push(one())
    }
    return (row) => parts.every((part) => part(row))
  }
  const one = (): ((row: PortalRow) => boolean) => {
    if (tokens[at] === '(') {
      at++
      const inner = either()
      expectToken(next(), ')', where)
      return inner
    }
    return comparison(next(), next(), next, where)
  }
  const whole = either()
  if (at < tokens.length) throw new Error(`not understood: ${where}`)
  return whole
}

function comparison(column: string, operator: string, next: () => string, where: string): (row: PortalRow) => boolean {
  if (operator === 'IS') {
    expectToken(`${next()} ${next()}`, 'NOT NULL', where)
    return (row) => row[column] !== undefined
  }
  if (operator === 'in') {
    const values = new Set<string>()
    expectToken(next(), '(', where)
    for (let token = next(); token !== ')'; token = next()) if (token !== ',') values.add(text(token))
    return (row) => values.has(String(row[column]))
  }
  const value = text(next())
  const holds = {
    '>': (order: number) => order > 0,
    '>=': (order: number) => order >= 0,
    '=': (order: number) => order === 0,
  }[operator]
  if (holds === undefined) throw new Error(`${operator} is not understood: ${where}`)
  return (row) => row[column] !== undefined && holds(compare(row[column], value))
}

function expectToken(token: string, expected: string, where: string): void {
  if (token !== expected) throw new Error(`${token} instead of ${expected}: ${where}`)
}

function text(token: string): string {
  return token.slice(1, -1).replaceAll("''", "'")
}

function compare(a: unknown, b: unknown): number {
  return String(a) < String(b) ? -1 : String(a) > String(b) ? 1 : 0
}
