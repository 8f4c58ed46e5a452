import fc from 'fast-check'
import { expect, it } from 'vitest'
import { JsonWalk } from '../../../bench/peer/json-walk.ts'
import { BadRecord } from '../../../core/errors.ts'

const names = ['a', 'lat', 'long_name', 'x1']
const QUOTE = '"'.charCodeAt(0)
const member = fc.oneof(fc.constantFrom(...names), fc.string({ unit: 'grapheme' }))
const object = fc.dictionary(member, fc.jsonValue(), { minKeys: 1, noNullPrototype: true })

it('finds the texts that are wanted wherever the row lies, and takes no row that is cut', () => {
  const walk = new JsonWalk(names)
  fc.assert(
    fc.property(object, fc.nat(9), fc.nat(), (row, before, cut) => {
      const text = Buffer.from(JSON.stringify(row))
      const buffer = Buffer.concat([Buffer.alloc(before, QUOTE), text, Buffer.alloc(9, QUOTE)])
      const end = before + text.length
      walk.walk(buffer, before, end)
      const found = names.map((_, i) => JSON.parse(`"${buffer.toString('utf8', walk.starts[i], walk.ends[i])}"`))
      expect(found).toEqual(names.map((name) => (typeof row[name] === 'string' ? row[name] : '')))
      expect(() => walk.walk(buffer, before, end - 1 - (cut % (text.length - 1)))).toThrow(BadRecord)
    }),
    { numRuns: 2000 },
  )
})
