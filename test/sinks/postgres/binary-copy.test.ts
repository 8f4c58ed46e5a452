import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { BadRecord } from '../../../core/errors.ts'
import { RowEncoder } from '../../../sinks/postgres/binary-copy.ts'
import { ChunkPool, chunkBytes } from '../../../sinks/postgres/chunk-pool.ts'
import { RowBuffer } from '../../../sinks/postgres/row-buffer.ts'
import { type Column, pg, pgTable } from '../../../sinks/postgres/table.ts'
import { usePostgres } from '../../services/postgres.ts'
import { commitRows, openSink, source } from './open-sink.ts'

const postgres = usePostgres()

const columns = {
  n: pg.int4,
  t: pg.text(),
  i: pg.int8,
  f: pg.float8,
  b: pg.bool,
  z: pg.timestamptz,
  d: pg.date,
  j: pg.jsonb(),
  y: pg.bytea,
  maybe: pg.nullable(pg.text()),
}
const everything = pgTable('everything', columns, { append: true })

const wellFormed = fc
  .oneof(fc.string({ unit: 'binary', maxLength: 60 }), fc.string({ maxLength: 40 }))
  .filter((text) => !text.includes('\u0000'))
const firstMs = -210_866_803_200_000
const lastMs = Number.MAX_SAFE_INTEGER
const row = fc.record({
  t: wellFormed,
  i: fc.oneof(fc.maxSafeInteger(), fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
  f: fc.double({ noNaN: true, noDefaultInfinity: true }),
  b: fc.boolean(),
  z: fc.oneof(fc.integer({ min: firstMs, max: lastMs }), fc.constantFrom(0, -1, firstMs, lastMs, 946_684_800_000)),
  d: fc
    .date({ min: new Date('0001-01-01'), max: new Date('9999-12-31'), noInvalidDate: true })
    .map((at) => at.toISOString().slice(0, 10)),
  j: fc.oneof(fc.constant({ __proto__: 1, 'é\\u0000': ['\\', '"', 1e300] }), fc.array(wellFormed), fc.boolean()),
  y: fc.uint8Array({ maxLength: 50 }),
  maybe: fc.option(wellFormed, { nil: undefined }),
})

test('stores every value of every type exactly', async () => {
  const opened = openSink(postgres().url)
  await opened.sink.prepare([everything])
  const writer = await opened.sink.open(source)
  await fc.assert(
    fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 40 }), async (values) => {
      const rows = values.map((value, n) => ({ n, ...value }))
      const from = writer.position ?? 0
      await opened.query(`TRUNCATE ${opened.schema}_g1.everything`)
      expect(await commitRows(writer, everything, rows, { from, to: from + 1 })).toMatchObject({ deadLetters: 0 })
      // Times by arithmetic on the exact numeric epoch: JavaScript's Date ends before Postgres does.
      const read = await opened.query(
        `SELECT n, t, i::text, f, b, (extract(epoch FROM z) * 1000)::numeric(20, 0)::text AS z, d::text, j, y, maybe FROM ${opened.schema}.everything ORDER BY n`,
      )
      expect(read).toEqual(
        rows.map(({ i, z, j, y, maybe, ...same }) => ({
          ...same,
          i: String(i),
          z: String(z),
          j: JSON.parse(JSON.stringify(j)),
          y: Buffer.from(y),
          maybe: maybe ?? null,
        })),
      )
    }),
    { numRuns: 25 },
  )
  await writer.close()
  await opened.close()
})

describe('what does not fit names its column', () => {
  const encode = (column: Column<unknown>, value: unknown) => {
    const out = new RowBuffer(new ChunkPool())
    new RowEncoder(pgTable('t', { misfit: column }, { append: true })).encode(out, { misfit: value })
    return out.rows
  }
  test.each<[string, Column<unknown>, unknown[]]>([
    ['int4', pg.int4, [2 ** 31, -(2 ** 31) - 1, 1.5, Number.NaN, '1', undefined, null]],
    ['int8', pg.int8, [2 ** 53, 2n ** 63n, -(2n ** 63n) - 1n, 0.5]],
    ['float8', pg.float8, [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, '1']],
    ['boolean', pg.bool, [0, 'true', undefined]],
    ['timestamptz', pg.timestamptz, [firstMs - 1, lastMs + 1, 1.5, Number.NaN, new Date(0)]],
    ['date', pg.date, ['2020-02-30', '2020-2-3', 'today', '2021-02-29', 5]],
    ['text', pg.text(), ['\u0000', `${'x'.repeat(100)}\u0000`, '\ud800', `${'é'.repeat(50)}\udc00x`, 5]],
    [
      'jsonb',
      pg.jsonb(),
      [{ a: '\u0000' }, ['\ud800'], { '\u0000': 1 }, Number.NaN, [Number.POSITIVE_INFINITY], 1n, () => 1],
    ],
    ['bytea', pg.bytea, ['text', [1, 2]]],
  ])('%s', (_, column, values) => {
    for (const value of values) {
      expect(() => encode(column, value)).toThrow(BadRecord)
      expect(() => encode(column, value)).toThrow(/column misfit/)
    }
    expect(encode(pg.nullable(column), undefined)).toBe(1)
  })
})

test('gives back any range of rows, and its chunks', () => {
  const table = pgTable('t', { id: pg.int4, text: pg.text() }, { append: true })
  fc.assert(
    fc.property(
      fc.array(fc.oneof(fc.nat({ max: 300 }), fc.nat({ max: 3 * chunkBytes })), { minLength: 1, maxLength: 60 }),
      fc.nat(),
      fc.nat(),
      (lengths, a, b) => {
        const pool = new ChunkPool()
        const out = new RowBuffer(pool)
        const encoder = new RowEncoder(table)
        const alone = lengths.map((length, id) => {
          encoder.encode(out, { id, text: 'é'.repeat(length / 2) })
          expect(() => encoder.encode(out, { id, text: 5 })).toThrow(BadRecord)
          return Buffer.from(out.row(id))
        })
        const [from, to] = [a % (lengths.length + 1), b % (lengths.length + 1)].sort((x, y) => x - y)
        const range = Buffer.concat([...out.slices(from ?? 0, to ?? 0)])
        expect(range.equals(Buffer.concat(alone.slice(from, to)))).toBe(true)
        expect(out.bytes).toBe(alone.reduce((bytes, { length }) => bytes + length, 0))
        out.release()
      },
    ),
    { numRuns: 50 },
  )
})
