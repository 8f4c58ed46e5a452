import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ByteWriter } from '../../core/byte-writer.ts'
import { BadRecord } from '../../core/errors.ts'
import { GroupChange } from '../../processors/group-change.ts'
import { t } from '../../serdes/schema.ts'
import { GroupChangeSerde } from '../../topology/group-change-serde.ts'

const serde = new GroupChangeSerde({ entry: t.int, sourceKey: t.string, sourceValue: t.string })
const anInstant = fc.integer({ min: -8.64e15, max: 8.64e15 })
const entries = fc.array(fc.record({ at: anInstant, value: fc.integer() }), { maxLength: 4 })
const aText = fc.string({ unit: 'grapheme' })
const anInput = fc.option(fc.record({ at: fc.option(anInstant, { nil: undefined }), value: aText }), { nil: undefined })

function written(change: GroupChange<number, string, string>): Buffer {
  const to = new ByteWriter()
  serde.write(change, to)
  return to.copy()
}

test('what is written is read, the value on demand', () => {
  fc.assert(
    fc.property(entries, entries, aText, anInput, (removed, added, sourceKey, input) => {
      const bytes = written(new GroupChange(removed, added, sourceKey, input))
      const read = serde.read(Buffer.concat([Buffer.from('--'), bytes, Buffer.from('--')]), 2, 2 + bytes.length)
      expect(read.removed).toEqual(removed)
      expect(read.added).toEqual(added)
      expect(read.sourceKey).toBe(sourceKey)
      expect(read.input && { at: read.input.at, value: read.input.value.decode() }).toEqual(input)
    }),
  )
})

test('truncated bytes are a bad record, never a wrong one', () => {
  const bytes = written(new GroupChange([{ at: 5, value: 1 }], [{ at: 6, value: 2 }], 'case', undefined))
  for (let end = 0; end < bytes.length; end++)
    expect(() => serde.read(bytes, 0, end), `${end} bytes`).toThrow(BadRecord)
})
