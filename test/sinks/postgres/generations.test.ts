import { afterEach, expect, test } from 'vitest'
import { pg, pgTable } from '../../../sinks/postgres/table.ts'
import { usePostgres } from '../../services/postgres.ts'
import { commitRows, type OpenSink, openSink, source } from './open-sink.ts'

const postgres = usePostgres()
const opened: OpenSink[] = []
afterEach(async () => {
  for (const { close } of opened.splice(0)) await close()
})

const cases = pgTable('cases', { id: pg.text(), at: pg.int4 }, { key: ['id'] })
const withDistrict = pgTable('cases', { id: pg.text(), district: pg.nullable(pg.int4), at: pg.int4 }, { key: ['id'] })

function open(options: Parameters<typeof openSink>[1] = {}): OpenSink {
  const sink = openSink(postgres().url, options)
  opened.push(sink)
  return sink
}

async function write(
  { sink }: OpenSink,
  table: typeof cases | typeof withDistrict,
  rows: readonly object[],
  app = 'test',
) {
  const writer = await sink.open({ ...source, app })
  const from = writer.position ?? 0
  await commitRows(
    writer,
    table,
    rows.map((row) => ({ ...row })),
    { from, to: from + rows.length },
  )
  await writer.close()
}

test('prepares twice, and adds a nullable column to a table with rows', async () => {
  const live = open()
  await live.sink.prepare([cases])
  await write(live, cases, [{ id: 'a', at: 1 }])
  await live.sink.prepare([cases])
  await live.sink.prepare([withDistrict])
  await write(live, withDistrict, [{ id: 'b', at: 2, district: 9 }])
  expect(await live.query(`SELECT * FROM ${live.schema}.cases ORDER BY id`)).toEqual([
    { id: 'a', at: 1, district: null },
    { id: 'b', at: 2, district: 9 },
  ])
})

const changes = {
  'another type': [
    pgTable('cases', { id: pg.text(), at: pg.text() }, { key: ['id'] }),
    /column at is integer, its definition says text; put the definition back/,
  ],
  'a new required column': [
    pgTable('cases', { id: pg.text(), at: pg.int4, status: pg.text() }, { key: ['id'] }),
    /column status is new and required; make it nullable/,
  ],
  'a column that is gone': [pgTable('cases', { id: pg.text() }, { key: ['id'] }), /column at is not declared any more/],
  'a column made nullable': [
    pgTable('cases', { id: pg.text(), at: pg.nullable(pg.int4) }, { key: ['id'] }),
    /column at is required, its definition says nullable; run ALTER TABLE .* DROP NOT NULL/,
  ],
  'another key': [
    pgTable('cases', { id: pg.text(), at: pg.int4 }, { key: ['id', 'at'] }),
    /its key is \(id\), its definition says \(id, at\)/,
  ],
} as const

test.each(Object.entries(changes))('refuses %s and says what to do', async (_, [changed, message]) => {
  const live = open()
  await live.sink.prepare([cases])
  await expect(live.sink.prepare([changed])).rejects.toMatchObject({ code: 'schema_mismatch' })
  await expect(live.sink.prepare([changed])).rejects.toThrow(message)
})

test('creates the declared indexes once', async () => {
  const indexed = pgTable('cases', { id: pg.text(), at: pg.int4 }, { key: ['id'], indexes: [['at'], ['at', 'id']] })
  const live = open()
  await live.sink.prepare([indexed])
  await live.sink.prepare([indexed])
  const indexes = await live.query(
    `SELECT indexname FROM pg_indexes WHERE schemaname = '${live.schema}_g1' AND tablename = 'cases' ORDER BY 1`,
  )
  expect(indexes.map(({ indexname }) => indexname)).toEqual(['cases_at_id_idx', 'cases_at_idx', 'cases_pkey'])
})

test('shows the current generation only, and switches with one row', async () => {
  const live = open()
  await live.sink.prepare([cases])
  await write(live, cases, [{ id: 'a', at: 1 }])
  const replay = open({ schema: live.schema, generation: 2 })
  await replay.sink.prepare([withDistrict])
  await write(replay, withDistrict, [
    { id: 'a', at: 1, district: 5 },
    { id: 'b', at: 2, district: 6 },
  ])
  const shown = () => live.query(`SELECT id, district FROM ${live.schema}.cases ORDER BY id`)
  expect(await shown()).toEqual([{ id: 'a', district: null }])
  // The live program starts again meanwhile, knowing nothing of the new column.
  await live.sink.prepare([cases])
  await live.query(`UPDATE ${live.schema}.generation SET current = 2`)
  expect(await shown()).toEqual([
    { id: 'a', district: 5 },
    { id: 'b', district: 6 },
  ])
})

test('forgets rows and positions of every generation when the schema is cleared', async () => {
  const live = open()
  const replay = open({ schema: live.schema, generation: 2 })
  await live.sink.prepare([cases])
  await replay.sink.prepare([cases])
  await write(live, cases, [{ id: 'a', at: 1 }])
  await live.sink.clearSchema()
  await live.sink.prepare([cases])
  const writer = await live.sink.open(source)
  expect(writer.position).toBeUndefined()
  await writer.close()
  expect(await live.query(`SELECT * FROM ${live.schema}.cases`)).toEqual([])
})

test('lets several processes prepare at once', async () => {
  const live = open()
  const others = [1, 2, 3].map(() => open({ schema: live.schema }))
  await Promise.all([live, ...others].map(({ sink }) => sink.prepare([cases])))
  await write(live, cases, [{ id: 'a', at: 1 }])
})
