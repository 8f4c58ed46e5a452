import { expect, test } from 'vitest'
import { type CommitMove, MemorySink } from '../../sinks/memory-sink.ts'
import { pg, pgTable } from '../../sinks/postgres/table.ts'
import type { SinkSource } from '../../sinks/sink.ts'
import { describeSink } from '../conformance/sink.ts'

describeSink('in memory', () => {
  const sink = new MemorySink()
  return Promise.resolve({
    sink,
    rows: (table) => Promise.resolve(sink.rows(table).map((row) => normal(table.name, row))),
    deadLetters: () =>
      Promise.resolve(
        sink.deadLetters().map(({ offset, step, code, key, value }) => ({ offset, step, code, key, value })),
      ),
    close: () => sink.close(),
  })
})

function normal(table: string, row: Readonly<Record<string, unknown>>) {
  return table === 'visits' ? { id: row.id, note: row.note } : row
}

const visits = pgTable('visits', { id: pg.int4 }, { append: true })
const source: SinkSource = { app: 'test', topic: 'enriched', partition: 0, topicId: 'id' }
const crash = (_: SinkSource, { from }: CommitMove) => {
  if (from === 0) throw new Error('crash')
}

test.each([
  { at: 'before', faults: { beforeCommit: crash }, position: undefined, rows: [] },
  { at: 'after', faults: { afterCommit: crash }, position: 1, rows: [{ id: 1 }] },
])('a crash $at a commit leaves all of it or nothing', async ({ faults, position, rows }) => {
  const sink = new MemorySink(faults)
  await sink.prepare([visits])
  const writer = await sink.open(source)
  const batch = writer.newBatch()
  batch.add(visits, { id: 1 }, { offset: 0, key: undefined, value: undefined })
  await expect(writer.commit(batch, { from: 0, to: 1 }, new AbortController().signal)).rejects.toThrow('crash')
  expect((await sink.open(source)).position).toBe(position)
  expect(sink.rows(visits)).toEqual(rows)
})
