import { expect, test } from 'vitest'
import { HistogramCell, Measurements } from '../../../metrics/measurements.ts'
import { pg, pgTable } from '../../../sinks/postgres/table.ts'
import { usePostgres } from '../../services/postgres.ts'
import { commitRows, openSink, source } from './open-sink.ts'

const postgres = usePostgres()
const visits = pgTable('visits', { id: pg.int4 }, { append: true })
const latest = pgTable('latest', { id: pg.int4, n: pg.nullable(pg.int4) }, { key: ['id'], deletes: true })

test('counts rows by table and operation, batches, bytes and the time of each phase', async () => {
  const measurements = new Measurements(() => [1])
  const opened = openSink(postgres().url, { measurements })
  await opened.sink.prepare([visits, latest])
  const writer = await opened.sink.open(source)
  const batch = writer.newBatch()
  const origin = (offset: number) => ({ offset, key: undefined, value: undefined })
  for (const id of [1, 2, 3]) batch.add(visits, { id }, origin(id))
  for (const id of [1, 2]) batch.add(latest, { id, n: 1 }, origin(id))
  batch.add(latest, { id: 1, deleted: true }, origin(3))
  await writer.commit(batch, { from: 1, to: 4 }, new AbortController().signal)
  await commitRows(writer, visits, [], { from: 4, to: 5 })
  const rows = [...(measurements.scalars.get('streams_sink_rows_total')?.cells.values() ?? [])]
  expect(rows.map(({ labels, cell }) => ({ ...labels, count: cell.value }))).toEqual([
    { sink: 'postgres', table: 'visits', op: 'insert', count: 3 },
    { sink: 'postgres', table: 'latest', op: 'upsert', count: 2 },
    { sink: 'postgres', table: 'latest', op: 'delete', count: 1 },
  ])
  const batches = measurements.histogram('streams_sink_batch_rows', { sink: 'postgres' })
  expect(batches).toEqual(Object.assign(new HistogramCell([1]), { sum: 6, count: 2, counts: Float64Array.of(1, 1) }))
  const phases = [...(measurements.histograms.get('streams_sink_flush_duration_seconds')?.cells.values() ?? [])]
  expect(phases.map(({ labels, cell }) => [labels.phase, cell.count])).toEqual([
    ['copy', 2],
    ['merge', 1],
    ['commit', 2],
  ])
  await writer.close()
  await opened.close()
})

test('holds on to the end of a chunk, and to rows larger than one', async () => {
  const notes = pgTable('notes', { id: pg.int4, note: pg.text() }, { append: true })
  const opened = openSink(postgres().url)
  await opened.sink.prepare([notes])
  const writer = await opened.sink.open(source)
  const lengths = [0, 65_000, 10, 65_536, 200_000, 65_521, 1, 1_000_000]
  for (const from of [0, 10]) {
    await commitRows(
      writer,
      notes,
      lengths.map((length, id) => ({ id: from + id, note: 'é'.repeat(length) })),
      {
        from,
        to: from + 10,
      },
    )
  }
  const stored = await opened.query(`SELECT length(note) AS length FROM ${opened.schema}.notes ORDER BY id`)
  expect(stored.map(({ length }) => length)).toEqual([...lengths, ...lengths])
  await writer.close()
  await opened.close()
})
