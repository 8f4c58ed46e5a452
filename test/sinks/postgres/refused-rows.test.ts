import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { pg, pgTable } from '../../../sinks/postgres/table.ts'
import { usePostgres } from '../../services/postgres.ts'
import { commitRows, numbers, type OpenSink, openSink, source } from './open-sink.ts'

const postgres = usePostgres()
const visits = pgTable('visits', { id: pg.int4 }, { append: true })
const latest = pgTable('latest', { id: pg.int4, seen: pg.int4 }, { key: ['id'] })

/** Constraints that no definition knows of: what Postgres refuses and the encoder cannot. */
async function withConstraint(constraint: (schema: string) => string, body: (opened: OpenSink) => Promise<void>) {
  const opened = openSink(postgres().url)
  try {
    await opened.sink.prepare([visits, latest])
    await opened.query(constraint(`${opened.schema}_g1`))
    await body(opened)
  } finally {
    await opened.close()
  }
}

async function ids(opened: OpenSink, table: string): Promise<readonly unknown[]> {
  return (await opened.query(`SELECT id FROM ${opened.schema}.${table} ORDER BY id`)).map(({ id }) => id)
}

async function letters(opened: OpenSink) {
  return opened.query(`SELECT "offset"::int, step, code FROM ${opened.schema}.sink_dead_letters ORDER BY "offset"`)
}

test('takes out the rows that COPY names, wherever they stand', () =>
  withConstraint(
    (schema) => `ALTER TABLE ${schema}.visits ADD CONSTRAINT odd CHECK (id % 7 <> 3)`,
    (opened) =>
      fc.assert(
        fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 50 }), { maxLength: 30 }), async (values) => {
          await opened.query(`TRUNCATE ${opened.schema}_g1.visits, ${opened.schema}_g1.sink_positions`)
          const writer = await opened.sink.open(source)
          const good = values.filter((id) => id % 7 !== 3)
          const outcome = await commitRows(
            writer,
            visits,
            values.map((id) => ({ id })),
            { from: 0, to: 100 },
          )
          expect(outcome).toEqual({ written: good.length, deadLetters: values.length - good.length })
          expect(await ids(opened, 'visits')).toEqual(good.sort((a, b) => a - b))
          await writer.close()
        }),
        { numRuns: 15 },
      ),
  ))

test('keeps the first of two rows that must differ', () =>
  withConstraint(
    (schema) => `CREATE UNIQUE INDEX ON ${schema}.visits (id)`,
    async (opened) => {
      const writer = await opened.sink.open(source)
      const rows = [1, 2, 1, 3, 2].map((id) => ({ id }))
      expect(await commitRows(writer, visits, rows, { from: 10, to: 15 })).toEqual({ written: 3, deadLetters: 2 })
      expect(await ids(opened, 'visits')).toEqual([1, 2, 3])
      expect(await letters(opened)).toEqual([
        { offset: 12, step: 'visits', code: 'sql_23505' },
        { offset: 14, step: 'visits', code: 'sql_23505' },
      ])
      await writer.close()
    },
  ))

test('finds a row that only the merge stumbles over by halving', () =>
  withConstraint(
    (schema) => `CREATE UNIQUE INDEX ON ${schema}.latest (seen)`,
    async (opened) => {
      const writer = await opened.sink.open(source)
      const rows = numbers(0, 40).map((id) => ({ id, seen: id === 33 ? 5 : id }))
      expect(await commitRows(writer, latest, rows, { from: 0, to: 40 })).toEqual({ written: 39, deadLetters: 1 })
      expect(await ids(opened, 'latest')).toEqual(numbers(0, 40).filter((id) => id !== 33))
      expect(await letters(opened)).toEqual([{ offset: 33, step: 'latest', code: 'sql_23505' }])
      await writer.close()
    },
  ))

test('takes a staged row out by its line, before the merge', () =>
  withConstraint(
    (schema) => `ALTER TABLE ${schema}.latest ADD CONSTRAINT small CHECK (seen < 100)`,
    async (opened) => {
      const writer = await opened.sink.open(source)
      const rows = [
        { id: 1, seen: 1 },
        { id: 1, seen: 100 },
        { id: 2, seen: 2 },
      ]
      expect(await commitRows(writer, latest, rows, { from: 0, to: 3 })).toEqual({ written: 2, deadLetters: 1 })
      expect(await opened.query(`SELECT id, seen FROM ${opened.schema}.latest ORDER BY id`)).toEqual([
        { id: 1, seen: 1 },
        { id: 2, seen: 2 },
      ])
      expect(await letters(opened)).toEqual([{ offset: 1, step: 'latest', code: 'sql_23514' }])
      await writer.close()
    },
  ))

test('takes out a row whose key is larger than an index can hold', async () => {
  const named = pgTable('named', { name: pg.text() }, { key: ['name'] })
  const opened = openSink(postgres().url)
  try {
    await opened.sink.prepare([named])
    const writer = await opened.sink.open(source)
    const endless = randomBytes(6_000).toString('hex')
    const rows = ['a', endless, 'b'].map((name) => ({ name }))
    expect(await commitRows(writer, named, rows, { from: 0, to: 3 })).toEqual({ written: 2, deadLetters: 1 })
    expect(await letters(opened)).toEqual([{ offset: 1, step: 'named', code: 'sql_54000' }])
    await writer.close()
  } finally {
    await opened.close()
  }
})

test('keeps a dead letter whose message quotes what Postgres cannot hold', () =>
  withConstraint(
    () => 'SELECT',
    async (opened) => {
      const writer = await opened.sink.open(source)
      const batch = writer.newBatch()
      batch.reject(
        'parse',
        { offset: 7, key: undefined, value: Buffer.of(0) },
        'odd',
        'no such note: a\u0000b\ud83d, 😀',
      )
      const outcome = await writer.commit(batch, { from: 0, to: 8 }, new AbortController().signal)
      expect(outcome).toEqual({ written: 0, deadLetters: 1 })
      expect(await opened.query(`SELECT message, value FROM ${opened.schema}.sink_dead_letters`)).toEqual([
        { message: 'no such note: a\ufffdb\ufffd, 😀', value: Buffer.of(0) },
      ])
      await writer.close()
    },
  ))

test('halts, and does not dead-letter, when the table is gone', () =>
  withConstraint(
    (schema) => `DROP TABLE ${schema}.visits CASCADE`,
    async (opened) => {
      const writer = await opened.sink.open(source)
      await expect(commitRows(writer, visits, [{ id: 1 }], { from: 0, to: 1 })).rejects.toMatchObject({
        code: 'sink_failed',
      })
      await writer.close()
      const again = await opened.sink.open(source)
      expect(again.position).toBeUndefined()
      await again.close()
    },
  ))
