import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../../core/random.ts'
import { ByteTable } from '../../../state/memory/byte-table.ts'
import { type HashBytes, hashBytes } from '../../../state/memory/hash-bytes.ts'

const hashes: Record<string, HashBytes> = {
  'the real': hashBytes,
  'a single': () => 7,
  'a two-valued': (bytes, start, end) => (start < end ? ((bytes[start] as number) & 1) + 1 : 1),
}

describe('byte table', () => {
  it('finds what was put, whatever the bytes', () => {
    const table = new ByteTable()
    const pairs = [
      ['', 'value of the empty key'],
      ['a', ''],
      ['\0', 'zero'],
      ['\0\0', 'two zeros'],
      ['k'.repeat(100_000), 'a long key'],
      ['long', 'v'.repeat(1_000_000)],
    ] as const
    for (const [key, value] of pairs) put(table, key, value)
    expect(pairs.map(([key]) => get(table, key))).toEqual(pairs.map(([, value]) => value))
    expect(get(table, 'b')).toBeUndefined()
    expect(table.count).toBe(pairs.length)
  })

  it('takes keys and values out of larger buffers', () => {
    const table = new ByteTable()
    table.put(Buffer.from('..key..'), 2, 5, Buffer.from('--value--'), 2, 7)
    expect(get(table, 'key')).toBe('value')
  })

  for (const [name, hash] of Object.entries(hashes)) {
    it(`behaves as a map does, with ${name} hash`, () => {
      const key = fc.oneof(fc.constantFrom('', 'a', 'b', 'ab', '\0'), fc.string({ maxLength: 3 }))
      const size = fc.oneof(fc.nat(80), fc.constantFrom(8_000, 20_000, 70_000))
      const step = fc.oneof(
        {
          weight: 4,
          arbitrary: fc.record({ kind: fc.constant('put' as const), key, size, letter: fc.constantFrom('x', 'y') }),
        },
        { weight: 2, arbitrary: fc.record({ kind: fc.constant('delete' as const), key }) },
        { weight: 1, arbitrary: fc.constant({ kind: 'clear' as const }) },
      )
      fc.assert(
        fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
          const table = new ByteTable(hash)
          const model = new Map<string, string>()
          for (const step of steps) {
            if (step.kind === 'put') {
              put(table, step.key, step.letter.repeat(step.size))
              model.set(step.key, step.letter.repeat(step.size))
            } else if (step.kind === 'delete') {
              expect(remove(table, step.key)).toBe(model.delete(step.key))
            } else {
              table.clear()
              model.clear()
            }
          }
          expect(contents(table)).toEqual(model)
          for (const [key, value] of model) expect(get(table, key)).toBe(value)
        }),
      )
    })
  }

  it('keeps every entry while values grow and keys go, and reclaims what they leave', () => {
    const random = seededRandom(311)
    const table = new ByteTable()
    const model = new Map<string, string>()
    for (let i = 0; i < 200_000; i++) {
      const key = `key-${Math.floor(random() * 5_000)}`
      if (random() < 0.2) {
        remove(table, key)
        model.delete(key)
      } else {
        const value = String(i).padEnd(30 + Math.floor(random() * 100), '.')
        put(table, key, value)
        model.set(key, value)
      }
    }
    expect(contents(table)).toEqual(model)
    const live = [...model].reduce((bytes, [key, value]) => bytes + key.length + value.length, 0)
    expect(table.byteLength).toBeLessThan(live * 2.5)
  })

  it('gives the memory of large values back at once', () => {
    const table = new ByteTable()
    for (let i = 0; i < 50; i++) put(table, 'key', 'v'.repeat(1_000_000 + i * 10))
    expect(table.byteLength).toBeLessThan(2_200_000)
  })

  it('scans in order of insertion while nothing is deleted or outgrown', () => {
    const table = new ByteTable()
    const keys = Array.from({ length: 20_000 }, (_, i) => `k${(i * 7919) % 20_000}`)
    for (let round = 0; round < 2; round++) {
      for (const key of keys) put(table, key, 'same')
      for (const key of keys) put(table, key, 'else')
      expect([...contents(table).keys()]).toEqual(keys)
      table.clear()
    }
  })
})

function put(table: ByteTable, key: string, value: string): void {
  const [keyBytes, valueBytes] = [Buffer.from(key), Buffer.from(value)]
  table.put(keyBytes, 0, keyBytes.length, valueBytes, 0, valueBytes.length)
}

function get(table: ByteTable, key: string): string | undefined {
  const bytes = Buffer.from(key)
  return table.get(bytes, 0, bytes.length)?.toString()
}

function remove(table: ByteTable, key: string): boolean {
  const bytes = Buffer.from(key)
  return table.delete(bytes, 0, bytes.length)
}

function contents(table: ByteTable): Map<string, string> {
  const entries = new Map<string, string>()
  table.scan((buffer, keyStart, keyEnd, valueStart, valueEnd) => {
    const key = buffer.toString('utf8', keyStart, keyEnd)
    expect(entries.has(key)).toBe(false)
    entries.set(key, buffer.toString('utf8', valueStart, valueEnd))
  })
  return entries
}
