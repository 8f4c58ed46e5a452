// What every sink must do: rows and position in one step, one writer a partition, the newest version of each key, nothing lost without a dead letter.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { TaskFenced } from '../../core/errors.ts'
import type { SinkDeadLetter } from '../../sinks/memory-sink.ts'
import { pg, pgTable } from '../../sinks/postgres/table.ts'
import type { RowOrigin, Sink, SinkSource, SinkTable, SinkWriter } from '../../sinks/sink.ts'

export type ReadRow = Readonly<Record<string, unknown>>

export interface SinkUnderTest {
  readonly sink: Sink
  /** As a user would query them: times in ms, no value as undefined. */
  rows(table: SinkTable): Promise<readonly ReadRow[]>
  deadLetters(): Promise<readonly Pick<SinkDeadLetter, 'offset' | 'step' | 'code' | 'key' | 'value'>[]>
  close(): Promise<void>
}

const visits = pgTable('visits', { id: pg.int4, note: pg.nullable(pg.text()) }, { append: true })
const cases = pgTable(
  'cases',
  { case_id: pg.text(), updated_at: pg.timestamptz, row_version: pg.text(), status: pg.text() },
  { key: ['case_id'], newest: ['updated_at', 'row_version'], deletes: true },
)
const latest = pgTable('latest', { name: pg.text(), seen: pg.int4 }, { key: ['name'] })
const tables = [visits, cases, latest]

const source: SinkSource = { app: 'test', topic: 'enriched', partition: 0, topicId: 'first-topic' }
const never = new AbortController().signal

function origin(offset: number): RowOrigin {
  return { offset, key: Buffer.from(`key ${offset}`), value: Buffer.from([0, 255, offset % 256]) }
}

function version(case_id: string, updated_at: number, row_version: string, status = 'open') {
  return { case_id, updated_at, row_version, status }
}

async function commitRows(
  writer: SinkWriter,
  table: SinkTable,
  rows: readonly ReadRow[],
  move: { readonly from: number; readonly to: number },
) {
  const batch = writer.newBatch()
  for (const [i, row] of rows.entries()) batch.add(table, row, origin(move.from + i))
  return writer.commit(batch, move, never)
}

export function describeSink(name: string, open: () => Promise<SinkUnderTest>): void {
  const sinkTest = (sentence: string, body: (under: SinkUnderTest, writer: SinkWriter) => Promise<void>) =>
    test(sentence, async () => {
      const under = await open()
      try {
        await under.sink.prepare(tables)
        const writer = await under.sink.open(source)
        try {
          await body(under, writer)
        } finally {
          await writer.close()
        }
      } finally {
        await under.close()
      }
    })

  describe(`a sink: ${name}`, () => {
    sinkTest(
      'has no position before its first commit, and the end of the last one ever after',
      async (under, writer) => {
        expect(writer.position).toBeUndefined()
        expect(await commitRows(writer, visits, [{ id: 1 }, { id: 2, note: 'ü' }], { from: 40, to: 42 })).toEqual({
          written: 2,
          deadLetters: 0,
        })
        expect(writer.position).toBe(42)
        await commitRows(writer, visits, [], { from: 42, to: 45 })
        await writer.close()
        const again = await under.sink.open(source)
        expect(again.position).toBe(45)
        await again.close()
        expect(await under.rows(visits)).toEqual([
          { id: 1, note: undefined },
          { id: 2, note: 'ü' },
        ])
      },
    )

    sinkTest('fences a writer whose partition another one has written', async (under, zombie) => {
      await commitRows(zombie, visits, [{ id: 1 }], { from: 0, to: 1 })
      const owner = await under.sink.open(source)
      await commitRows(owner, visits, [{ id: 2 }], { from: 1, to: 2 })
      await expect(commitRows(zombie, visits, [{ id: 66 }], { from: 1, to: 2 })).rejects.toThrow(TaskFenced)
      await commitRows(owner, visits, [{ id: 3 }], { from: 2, to: 3 })
      await owner.close()
      expect((await under.rows(visits)).map(({ id }) => id)).toEqual([1, 2, 3])
    })

    sinkTest('lets one of two first commits win', async (under, first) => {
      const second = await under.sink.open(source)
      await commitRows(second, visits, [{ id: 2 }], { from: 0, to: 1 })
      await expect(commitRows(first, visits, [{ id: 1 }], { from: 0, to: 1 })).rejects.toThrow(TaskFenced)
      await second.close()
      expect((await under.rows(visits)).map(({ id }) => id)).toEqual([2])
    })

    sinkTest('halts at a topic made anew', async (under) => {
      const remade = under.sink.open({ ...source, topicId: 'second-topic' })
      await expect(remade).rejects.toMatchObject({ code: 'topic_recreated' })
    })

    sinkTest('keeps partitions and applications apart', async (under, writer) => {
      await commitRows(writer, visits, [{ id: 1 }], { from: 0, to: 7 })
      for (const other of [
        { ...source, partition: 1 },
        { ...source, app: 'other' },
      ]) {
        const stranger = await under.sink.open(other)
        expect(stranger.position).toBeUndefined()
        await stranger.close()
      }
    })

    sinkTest('makes dead letters of rows that do not fit, and writes the others', async (under, writer) => {
      const rows = [
        { id: 1, note: 'good' },
        { id: 2, note: 'a\u0000b' },
        { id: 2 ** 31 },
        { id: 3, note: '\ud800' },
        { note: 'none' },
        { id: 4, note: '😀\t\\N\r\n' },
      ]
      expect(await commitRows(writer, visits, rows, { from: 0, to: 6 })).toEqual({ written: 2, deadLetters: 4 })
      expect((await under.rows(visits)).map(({ note }) => note)).toEqual(['good', '😀\t\\N\r\n'])
      expect(await under.deadLetters()).toEqual([
        { ...origin(1), step: 'visits', code: 'nul_in_text' },
        { ...origin(2), step: 'visits', code: 'value_misfit' },
        { ...origin(3), step: 'visits', code: 'malformed_text' },
        { ...origin(4), step: 'visits', code: 'null_value' },
      ])
    })

    sinkTest('takes dead letters of earlier steps, with and without key and value', async (under, writer) => {
      const batch = writer.newBatch()
      batch.reject('toCaseRow', { offset: 8, key: undefined, value: Buffer.from('x') }, 'user_function', 'it threw')
      batch.reject('toCaseRow', { offset: 9, key: Buffer.alloc(0), value: undefined }, 'user_function', 'it threw')
      await writer.commit(batch, { from: 8, to: 10 }, never)
      expect(await under.deadLetters()).toEqual([
        { offset: 8, key: undefined, value: Buffer.from('x'), step: 'toCaseRow', code: 'user_function' },
        { offset: 9, key: Buffer.alloc(0), value: undefined, step: 'toCaseRow', code: 'user_function' },
      ])
    })

    sinkTest('keeps the last row of a key where no version is declared', async (under, writer) => {
      await commitRows(
        writer,
        latest,
        [
          { name: 'a', seen: 9 },
          { name: 'a', seen: 1 },
        ],
        { from: 0, to: 2 },
      )
      expect(await under.rows(latest)).toEqual([{ name: 'a', seen: 1 }])
      await commitRows(writer, latest, [{ name: 'a', seen: 0 }], { from: 2, to: 3 })
      expect(await under.rows(latest)).toEqual([{ name: 'a', seen: 0 }])
    })

    sinkTest('lets an equal version replace, an older one not', async (under, writer) => {
      await commitRows(writer, cases, [version('c1', 5, 'b', 'open')], { from: 0, to: 1 })
      await commitRows(writer, cases, [version('c1', 5, 'a', 'older')], { from: 1, to: 2 })
      await commitRows(writer, cases, [version('c1', 5, 'b', 'relabelled')], { from: 2, to: 3 })
      expect(await under.rows(cases)).toEqual([version('c1', 5, 'b', 'relabelled')])
    })

    sinkTest('does not bring a deleted row back with an older version', async (under, writer) => {
      const deleted = { case_id: 'c1', updated_at: 5, row_version: 'a', deleted: true }
      await commitRows(writer, cases, [version('c1', 4, 'a'), deleted], { from: 0, to: 2 })
      await commitRows(writer, cases, [version('c1', 4, 'z')], { from: 2, to: 3 })
      expect(await under.rows(cases)).toEqual([])
      await commitRows(writer, cases, [version('c1', 6, 'a', 'reopened')], { from: 3, to: 4 })
      expect(await under.rows(cases)).toEqual([version('c1', 6, 'a', 'reopened')])
    })

    sinkTest('fills the next batch while one is being committed', async (under, writer) => {
      const first = writer.newBatch()
      for (let i = 0; i < 2000; i++) first.add(visits, { id: i, note: 'x'.repeat(i % 200) }, origin(i))
      const committed = writer.commit(first, { from: 0, to: 2000 }, never)
      const second = writer.newBatch()
      for (let i = 2000; i < 4000; i++) second.add(visits, { id: i, note: 'y' }, origin(i))
      await committed
      await writer.commit(second, { from: 2000, to: 4000 }, never)
      const ids = (await under.rows(visits)).map(({ id }) => Number(id)).sort((a, b) => a - b)
      expect(ids).toEqual(Array.from({ length: 4000 }, (_, i) => i))
    })

    test('ends with the newest version of every key, whatever the order and the batches', async () => {
      const change = fc.record({
        key: fc.constantFrom('a', 'b', 'é', '\uffff', '😀'),
        at: fc.integer({ min: 0, max: 3 }),
        row: fc.constantFrom('', 'Z', 'a', 'é', '\uffff', '😀'),
        deleted: fc.boolean(),
      })
      const batches = fc.array(fc.array(change, { maxLength: 12 }), { minLength: 1, maxLength: 5 })
      await fc.assert(
        fc.asyncProperty(batches, async (history) => {
          const under = await open()
          await under.sink.prepare(tables)
          const writer = await under.sink.open(source)
          let from = 0
          for (const changes of history) {
            const rows = changes.map(({ key, at, row, deleted }, i) =>
              deleted
                ? { case_id: key, updated_at: at, row_version: row, deleted }
                : version(key, at, row, `${from + i}`),
            )
            await commitRows(writer, cases, rows, { from, to: from + 100 })
            from += 100
          }
          const sorted = (rows: readonly ReadRow[]) => rows.map((row) => JSON.stringify(row)).sort()
          expect(sorted(await under.rows(cases))).toEqual(sorted(newestOf(history)))
          await writer.close()
          await under.close()
        }),
        { numRuns: 25 },
      )
    })
  })
}

interface Change {
  readonly key: string
  readonly at: number
  readonly row: string
  readonly deleted: boolean
}

/** The oracle: of all changes of a key the greatest version, the later one of equals, unless it is a delete. */
function newestOf(history: readonly (readonly Change[])[]): readonly ReadRow[] {
  const newest = new Map<string, Change & { readonly status: string }>()
  for (const [b, changes] of history.entries()) {
    for (const [i, change] of changes.entries()) {
      const current = newest.get(change.key)
      const order =
        current === undefined
          ? 1
          : change.at - current.at || Buffer.compare(Buffer.from(change.row), Buffer.from(current.row))
      if (order >= 0) newest.set(change.key, { ...change, status: `${b * 100 + i}` })
    }
  }
  return [...newest.values()]
    .filter(({ deleted }) => !deleted)
    .map(({ key, at, row, status }) => version(key, at, row, status))
}
