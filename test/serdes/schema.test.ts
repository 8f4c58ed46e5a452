import { describe, expect, it } from 'vitest'
import { t } from '../../serdes/schema.ts'

class Request extends t.record('Request', { id: t.string, openedAt: t.instant, note: t.optional(t.string) }) {
  get isNoted(): boolean {
    return this.note !== undefined
  }
}
class Located extends t.extend('Located', Request, { ward: t.int }) {}

describe('a record class', () => {
  it('sets every field in the order of the schema, whatever the order it is given', () => {
    const request = new Request({ note: undefined, openedAt: 5, id: '1' })
    expect(Object.entries(request)).toEqual([
      ['id', '1'],
      ['openedAt', 5],
      ['note', undefined],
    ])
  })

  it('may have methods of its own', () => {
    expect(new Request({ id: '1', openedAt: 5, note: 'x' }).isNoted).toBe(true)
  })

  it('describes itself, and each subclass as the class to make', () => {
    expect(Request.recordName).toBe('Request')
    expect(Request.description).toBe(Request.description)
    expect(Request.description.create).toBe(Request)
    expect(Request.description.fields.map(({ name }) => name)).toEqual(['id', 'openedAt', 'note'])
  })

  it('that extends another has its fields first', () => {
    expect(Located.base).toBe(Request)
    expect(Located.description.base).toBe(Request.description)
    expect(Located.description.fields.map(({ name }) => name)).toEqual(['id', 'openedAt', 'note', 'ward'])
  })
})

describe('ordered schemas', () => {
  const sign = (order: number) => Math.sign(order)

  it('compare numbers by size and text by code units', () => {
    expect(sign(t.instant.compare(9, 10))).toBe(-1)
    expect(sign(t.string.compare('9', '10'))).toBe(1)
    expect(t.string.compare('é', 'é')).toBe(0)
  })

  it('compare tuples item by item, from the first on', () => {
    const version = t.tuple(t.instant, t.string)
    expect(sign(version.compare([1, 'b'], [2, 'a']))).toBe(-1)
    expect(sign(version.compare([2, 'b'], [2, 'a']))).toBe(1)
    expect(version.compare([2, 'a'], [2, 'a'])).toBe(0)
  })
})

describe('schemas that cannot be written are refused when they are declared', () => {
  it.each([
    ['optional twice', () => t.optional(t.optional(t.int)), 'optional once'],
    ['one of nothing', () => t.oneOf(), 'distinct values'],
    ['one of the same twice', () => t.oneOf('a', 'a'), 'distinct values'],
    ['a list of what takes no bytes', () => t.list(t.record('Nothing', {})), 'at least one field'],
    ['an empty tuple', () => t.tuple(), 'at least one item'],
  ])('%s', (_, declare, problem) => {
    expect(declare).toThrow(problem)
  })
})
