import { expect, expectTypeOf, test } from 'vitest'
import { type PgTable, pg, pgTable } from '../../../sinks/postgres/table.ts'

type RowOfTable<T> = T extends PgTable<infer Row> ? Row : never

const columns = { id: pg.text<'a' | 'b'>(), at: pg.timestamptz, closed: pg.nullable(pg.timestamptz), n: pg.int4 }

test('infers the row from the columns', () => {
  const cases = pgTable('cases', columns, { key: ['id'], newest: ['at'] })
  expectTypeOf<RowOfTable<typeof cases>>().toEqualTypeOf<{
    readonly id: 'a' | 'b'
    readonly at: number
    readonly closed: number | undefined
    readonly n: number
  }>()
  expect(cases).toMatchObject({ name: 'cases', key: ['id'], newest: ['at'], deletes: false })
})

test('takes a delete of key and version where the table says so', () => {
  const cases = pgTable('cases', columns, { key: ['id'], newest: ['at'], deletes: true })
  const remove = { id: 'a', at: 5, deleted: true } as const
  expectTypeOf(remove).toExtend<RowOfTable<typeof cases>>()
  const without = pgTable('cases', columns, { key: ['id'], newest: ['at'] })
  expectTypeOf(remove).not.toExtend<RowOfTable<typeof without>>()
})

test('does not compile with a key or version that is unknown or nullable, or with neither key nor append', () => {
  const mistakes = () => [
    // @ts-expect-error unknown column
    pgTable('t', columns, { key: ['nope'] }),
    // @ts-expect-error nullable key
    pgTable('t', columns, { key: ['closed'] }),
    // @ts-expect-error nullable version
    pgTable('t', columns, { key: ['id'], newest: ['closed'] }),
    // @ts-expect-error neither
    pgTable('t', columns, {}),
    // @ts-expect-error misspelt
    pgTable('t', columns, { key: ['id'], neewest: ['at'] }),
    // @ts-expect-error unknown column in an index
    pgTable('t', columns, { append: true, indexes: [['nope']] }),
  ]
  expect(mistakes).toBeTypeOf('function')
})

test('refuses names that SQL would fold or quote, and a second meaning of deleted', () => {
  expect(() => pgTable('Cases', { id: pg.int4 }, { append: true })).toThrow(/plain lower-case/)
  expect(() => pgTable('cases', { 'opened at': pg.int4 }, { append: true })).toThrow(/plain lower-case/)
  expect(() => pgTable('t', { id: pg.int4, deleted: pg.bool }, { key: ['id'], deletes: true })).toThrow(/deleted/)
})
