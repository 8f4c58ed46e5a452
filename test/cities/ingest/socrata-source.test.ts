import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { SocrataClient } from '../../../cities/ingest/socrata-client.ts'
import { SocrataSource, type SocrataSourceOptions } from '../../../cities/ingest/socrata-source.ts'
import type { Cursor, KeyedRow } from '../../../cities/ingest/source.ts'
import type { RawCase } from '../../../cities/sf/raw-case.ts'
import { sfRowFormat } from '../../../cities/sf/row-format.ts'
import { ManualClock } from '../../../core/clock.ts'
import { minutes } from '../../../core/duration.ts'
import { seededRandom } from '../../../core/random.ts'
import { type Fault, type PortalRow, SodaServer } from '../../support/soda-server.ts'

const dataset = 'vw6y-z8j6'
const YESTERDAY = '2024-01-01T12:00:00.000Z'
let portal: SodaServer
beforeEach(async () => {
  portal = await SodaServer.open(dataset)
})
afterEach(() => portal.close())

/** Cases `from` to `to`, opened a minute apart. */
function cases(from: number, to: number, fields: object = {}): PortalRow[] {
  return Array.from({ length: to - from }, (_, i) => {
    const opened = new Date(Date.UTC(2024, 0, 1) + minutes(from + i)).toISOString().slice(0, 23)
    return {
      service_request_id: String(1000 + from + i),
      requested_datetime: opened,
      status_description: 'Open',
      ...fields,
    }
  })
}

const idsOf = (rows: readonly KeyedRow<RawCase>[]) => rows.map(({ key }) => key)
const ids = (from: number, to: number) => cases(from, to).map((row) => row.service_request_id)

/** A source that runs, and what it has given so far. */
class Running {
  readonly clock = new ManualClock(Date.UTC(2024, 0, 2))
  readonly rows: KeyedRow<RawCase>[] = []
  readonly batches: number[] = []
  reloads = 0
  cursor: Cursor | undefined
  failure: unknown
  private readonly stop = new AbortController()
  private readonly ended: Promise<void>
  private isOver = false

  constructor(cursor?: Cursor, options: Partial<SocrataSourceOptions<RawCase>> & { readonly appToken?: string } = {}) {
    this.cursor = cursor
    const { appToken, ...more } = options
    const { clock } = this
    const client = new SocrataClient({
      portal: portal.url,
      dataset,
      clock,
      random: seededRandom(1),
      appToken,
      timeoutMs: 200,
    })
    const source = new SocrataSource<RawCase>({
      client,
      dataset,
      clock,
      format: sfRowFormat(),
      contentOf: ({ content }) => content,
      openedColumn: 'requested_datetime',
      idColumn: 'service_request_id',
      pageRows: 10,
      pagesOrdered: 3,
      onReload: () => {
        this.reloads++
      },
      ...more,
    })
    this.ended = this.read(source).catch((error: unknown) => {
      this.failure = error
    })
  }

  /** Until it waits for the next poll, backing off as often as the portal makes it. */
  async caughtUp(): Promise<void> {
    const before = portal.requests.length
    for (let idle = 0; idle < 3 && !this.isOver; ) {
      await new Promise((resolve) => setTimeout(resolve, 5))
      const wake = this.clock.nextWake()
      if (wake === undefined) idle = 0
      else if (wake - this.clock.now() < minutes(4)) this.clock.advanceTo(wake)
      else if (portal.requests.length > before || idle > 0) idle++
      else idle++
    }
  }

  async poll(): Promise<void> {
    this.clock.advance(minutes(5))
    await this.caughtUp()
  }

  async close(): Promise<void> {
    this.stop.abort()
    await this.ended
  }

  /** Behind the last batch that has been taken. */
  get committed(): Cursor | undefined {
    return this.cursor === undefined ? undefined : JSON.parse(JSON.stringify(this.cursor))
  }

  private async read(source: SocrataSource<RawCase>): Promise<void> {
    try {
      for await (const { rows, cursor } of source.rows(this.cursor, this.stop.signal)) {
        this.rows.push(...rows)
        this.batches.push(rows.length)
        this.cursor = cursor
      }
    } finally {
      this.isOver = true
    }
  }
}

test('loads the dataset in the order of its cases, then follows what changes', async () => {
  portal.land(cases(0, 35), YESTERDAY)
  const run = new Running()
  await run.caughtUp()
  expect(idsOf(run.rows).slice(0, 35)).toEqual(ids(0, 35))

  portal.land([...cases(50, 52), ...cases(3, 5, { status_description: 'Closed' })], '2024-01-02T00:04:00.000Z')
  run.rows.length = 0
  await run.poll()
  expect(idsOf(run.rows)).toEqual([...ids(3, 5), ...ids(50, 52)])
  await run.close()
})

test('asks for no page while nothing has landed, and sends tag and token', async () => {
  portal.land(cases(0, 5), YESTERDAY)
  const run = new Running(undefined, { appToken: 'secret' })
  await run.caughtUp()
  portal.requests.length = 0
  await run.poll()
  await run.poll()
  expect(portal.requests.map(({ path, status }) => [path, status])).toEqual([
    [`/api/views/${dataset}.json`, 304],
    [`/api/views/${dataset}.json`, 304],
  ])
  expect(portal.requests[0]?.headers).toMatchObject({ 'if-none-match': 'W/"2"', 'x-app-token': 'secret' })
  await run.close()
})

test('gives rows again that were touched during the load', async () => {
  portal.land(cases(0, 35), YESTERDAY)
  let pages = 0
  portal.onPage = () => {
    if (++pages === 2) portal.land(cases(2, 3, { status_description: 'Closed' }), '2024-01-02T00:00:01.000Z')
  }
  const run = new Running()
  await run.caughtUp()
  const last = run.rows.filter(({ key }) => key === '1002').at(-1)
  expect(last?.raw.status_description).toBe('Closed')
  await run.close()
})

test('sees a row that becomes visible behind the cursor, because each poll reaches back', async () => {
  portal.land(cases(0, 5), '2024-01-01T23:59:00.000Z')
  const run = new Running()
  await run.caughtUp()
  portal.land(cases(7, 8), '2024-01-01T23:55:00.000Z')
  run.rows.length = 0
  await run.poll()
  expect(idsOf(run.rows)).toContain('1007')
  await run.close()
})

describe('a restart', () => {
  test.each([1, 2, 3])('behind %d batches of the load goes on where they end', async (count) => {
    portal.land(cases(0, 35), YESTERDAY)
    const all = new Running()
    await all.caughtUp()
    await all.close()
    const cut = new Running()
    await cut.caughtUp()
    await cut.close()
    const first = await firstBatches(count)
    const rest = new Running(first.cursor)
    await rest.caughtUp()
    await rest.close()
    expect(new Set([...first.ids, ...idsOf(rest.rows)])).toEqual(new Set(ids(0, 35)))
    expect(idsOf(rest.rows).slice(0, 35 - count * 10)).toEqual(ids(count * 10, 35))
  })

  test('while following reads on behind what was committed, or again what was not', async () => {
    portal.land(cases(0, 35), YESTERDAY)
    const run = new Running()
    await run.caughtUp()
    const cursor = run.committed
    await run.close()
    portal.land(cases(40, 42), '2024-01-02T00:04:00.000Z')
    const next = new Running(cursor)
    await next.caughtUp()
    expect(idsOf(next.rows)).toEqual(ids(40, 42))
    await next.close()
  })
})

/** What a run that is killed behind some batches has committed. */
async function firstBatches(count: number) {
  const clock = new ManualClock()
  const client = new SocrataClient({ portal: portal.url, dataset, clock, random: seededRandom(1) })
  const source = new SocrataSource<RawCase>({
    ...{ client, dataset, clock, format: sfRowFormat(), contentOf: ({ content }) => content },
    ...{ openedColumn: 'requested_datetime', idColumn: 'service_request_id', pageRows: 10 },
  })
  const found: string[] = []
  for await (const { rows, cursor } of source.rows(undefined, new AbortController().signal)) {
    found.push(...idsOf(rows))
    if (found.length >= count * 10) return { ids: found, cursor: JSON.parse(JSON.stringify(cursor)) }
  }
  throw new Error('the load ended too early')
}

test('loads everything again, in order, when the portal has written all rows anew', async () => {
  portal.land(cases(0, 35), YESTERDAY)
  const run = new Running()
  await run.caughtUp()
  const contents = new Map(run.rows.map(({ key, raw }) => [key, raw.content]))
  run.rows.length = 0
  portal.reload('2024-01-01T20:00:00.000Z')
  await run.poll()
  expect(run.reloads).toBe(1)
  expect(idsOf(run.rows).slice(0, 35)).toEqual(ids(0, 35))
  expect(run.rows.every(({ key, raw }) => contents.get(key) === raw.content)).toBe(true)
  run.rows.length = 0
  portal.land(cases(60, 61), '2024-01-02T00:08:00.000Z')
  await run.poll()
  expect([run.reloads, idsOf(run.rows)]).toEqual([1, ids(60, 61)])
  await run.close()
})

describe('a portal in trouble', () => {
  test.each<Fault>(['busy', 'preparing', 'failing', 'cut', 'silent'])(
    '(%s) is asked again, and nothing is lost',
    async (fault) => {
      portal.land(cases(0, 25), YESTERDAY)
      let count = 0
      portal.fault = () => (++count % 3 === 0 ? fault : undefined)
      const run = new Running()
      await run.caughtUp()
      for (let more = 0; run.rows.length < 25 && more < 200; more++) await run.caughtUp()
      expect(new Set(idsOf(run.rows))).toEqual(new Set(ids(0, 25)))
      await run.close()
    },
  )

  test('is waited for as long as it asks', async () => {
    portal.land(cases(0, 1), YESTERDAY)
    let isFirst = true
    portal.fault = () => {
      const fault = isFirst ? 'busy' : undefined
      isFirst = false
      return fault
    }
    const run = new Running()
    while (run.clock.nextWake() === undefined) await new Promise((resolve) => setTimeout(resolve, 5))
    expect((run.clock.nextWake() ?? 0) - run.clock.now()).toBe(2000)
    run.clock.advance(2000)
    await run.close()
  })

  test('is given up after a bounded number of attempts, as something that may work later', async () => {
    portal.fault = () => 'failing'
    const run = new Running()
    for (let more = 0; run.failure === undefined && more < 200; more++) await run.caughtUp()
    expect(run.failure).toMatchObject({ code: 'socrata_unavailable' })
    expect(portal.requests.length).toBe(8)
  })
})
