import { expect, test } from 'vitest'
import type { Cursor, RowBatch, Source } from '../../../cities/ingest/source.ts'
import type { RawCase } from '../../../cities/sf/raw-case.ts'
import { sodaRow } from '../../../cities/sf/soda-row.ts'
import { Retriable, StreamsError } from '../../../core/errors.ts'
import { seededRandom } from '../../../core/random.ts'
import { type ClusterCall, withFaults } from '../../../kafka/embedded/fault-hooks.ts'
import { row } from '../../support/cases.ts'
import { RawLog } from '../../support/raw-log.ts'

const running = new AbortController().signal
const ids = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => String(from + i))

/** Rows 0, 1, 2 …, ten a batch, that end before `end`; `before` is called ahead of each batch. */
function counting(end: number, before: (next: number) => void | Promise<void> = () => {}): Source<RawCase> {
  async function* rows(cursor: Cursor | undefined): AsyncGenerator<RowBatch<RawCase>> {
    for (let next = Number(cursor?.next ?? 0); next < end; next += 10) {
      await before(next)
      const batch = ids(next, Math.min(end, next + 10)).map((id) => sodaRow(row({ service_request_id: id })))
      yield { rows: batch, cursor: { next: next + 10 } }
    }
  }
  return { name: 'counting', rows }
}

async function idsIn(log: RawLog): Promise<string[]> {
  const rows = await log.rows()
  return rows.map(({ key }) => key).sort((a, b) => Number(a) - Number(b))
}

test('brings every row of a source into the log once, in the partition of its key', async () => {
  const log = await RawLog.open()
  const ingester = await log.ingester()
  const progress: number[] = []
  await ingester.run(counting(95), running, ({ rows }) => progress.push(rows))
  expect(await idsIn(log)).toEqual(ids(0, 95))
  expect(progress.at(-1)).toBe(95)
  const partitions = new Set((await log.rows()).map(({ partition }) => partition))
  expect(partitions).toEqual(new Set([0, 1, 2, 3]))
})

test('goes on behind the last committed row after it was killed, also in the middle of a transaction', async () => {
  const log = await RawLog.open()
  for (const killedAt of [30, 60]) {
    const first = await log.ingester()
    const killed = counting(95, (next) => {
      if (next === killedAt) throw new Error('killed')
    })
    await expect(first.run(killed, running)).rejects.toThrow('killed')
  }
  const begun: number[] = []
  await (await log.ingester()).run(
    counting(95, (next) => void begun.push(next)),
    running,
  )
  expect(begun[0]).toBe(60)
  expect(await idsIn(log)).toEqual(ids(0, 95))
})

test('fences a run that is still alive when a newer one begins', async () => {
  const log = await RawLog.open()
  const newer = await log.ingester()
  const older = await log.ingester()
  const run = older.run(
    counting(50, async (next) => {
      if (next === 20) await newer.run(counting(50), running)
    }),
    running,
  )
  await expect(run).rejects.toMatchObject({ code: 'producer_fenced' })
  expect(await idsIn(log)).toEqual(ids(0, 50))
})

test('tries again from the committed cursor while a source fails for a time, and gives up when nothing moves', async () => {
  const log = await RawLog.open()
  let failures = 0
  const failing = (times: number) =>
    counting(95, (next) => {
      if (next === 40 && failures++ < times) throw new Retriable('busy', 'not now')
    })
  const clockOf = async (run: Promise<void>) => {
    let isOver = false
    const over = run.finally(() => {
      isOver = true
    })
    over.catch(() => {})
    while (!isOver) {
      await new Promise(setImmediate)
      log.clock.advance(1000)
    }
    return over
  }
  await clockOf((await log.ingester()).run(failing(3), running))
  expect(await idsIn(log)).toEqual(ids(0, 95))
  const other = { ...failing(Number.POSITIVE_INFINITY), name: 'other' }
  await expect(clockOf((await log.ingester()).run(other, running))).rejects.toMatchObject({ code: 'busy' })
})

test.each([1, 2, 3, 4, 5])(
  'brings every row once although calls fail or their answers are lost (seed %d)',
  async (seed) => {
    const random = seededRandom(seed)
    const fail = () => {
      if (random() < 0.06) throw new StreamsError('not_available', 'the broker is away')
    }
    const log = await RawLog.open()
    const faulty = withFaults(log.cluster, { before: fail, after: fail })
    const cluster = { ...faulty, admin: log.cluster.admin, close: () => log.cluster.close() }
    const ingester = await log.ingester({ cluster })
    let isOver = false
    const run = async () => {
      while (!isOver) {
        await ingester.run(counting(400), running).then(
          () => {
            isOver = true
          },
          // What is not retried inside – initProducer, the cursors – is a new start of the program.
          (error: unknown) => expect(error).toBeInstanceOf(StreamsError),
        )
      }
    }
    const ran = run()
    while (!isOver) {
      await new Promise(setImmediate)
      log.clock.advance(1000)
    }
    await ran
    expect(await idsIn(log)).toEqual(ids(0, 400))
  },
)

test('gives up at once when brokers refuse the rows themselves', async () => {
  const log = await RawLog.open()
  let sends = 0
  const refuse = (call: ClusterCall) => {
    if (call !== 'send') return
    sends++
    throw new StreamsError('message_too_large', 'Produce was answered with message_too_large (10)')
  }
  const refusing = withFaults(log.cluster, { before: refuse })
  const cluster = { ...refusing, admin: log.cluster.admin, close: () => log.cluster.close() }
  const run = (await log.ingester({ cluster })).run(counting(50), running)
  await expect(run).rejects.toMatchObject({ code: 'message_too_large' })
  expect(sends).toBe(1)
})

test('adds nothing while too much is waiting to be processed', async () => {
  const log = await RawLog.open()
  let lag = 0
  const ingester = await log.ingester({ lag: () => lag, lagMax: 15 })
  const stop = new AbortController()
  const run = ingester.run(
    counting(95, (next) => {
      if (next === 30) lag = 100
    }),
    stop.signal,
  )
  for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate)
  expect((await idsIn(log)).length).toBe(30)
  lag = 0
  log.clock.advance(100)
  await run
  expect((await idsIn(log)).length).toBe(95)
})

test('sends a large batch of rows in several record batches of one transaction', async () => {
  const log = await RawLog.open()
  const notes = 'x'.repeat(50_000)
  async function* rows(): AsyncGenerator<RowBatch<RawCase>> {
    const batch = ids(0, 100).map((id) => sodaRow(row({ service_request_id: id, status_notes: notes })))
    yield { rows: batch, cursor: {} }
  }
  await (await log.ingester()).run({ name: 'large', rows }, running)
  expect(await idsIn(log)).toEqual(ids(0, 100))
})
