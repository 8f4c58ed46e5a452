import fc from 'fast-check'
import { expect, it } from 'vitest'
import { FlushContents, flushChunks } from '../../../state/redis/flush-chunks.ts'
import { readChunks } from '../../../state/redis/read-chunks.ts'
import { StoreLayout } from '../../../state/redis/store-layout.ts'
import { changesOf } from '../changes-of.ts'

const bounds = { fieldsMax: 7, bytesMax: 60 }
const key = fc.string({ maxLength: 12 })

it('flushes each key once, with its newest value, in scripts within their bounds', () => {
  const change = fc.record({
    store: fc.constantFrom('s', 't'),
    key,
    value: fc.option(fc.string({ maxLength: 100 }), { nil: undefined }),
  })
  fc.assert(
    fc.property(fc.array(change, { maxLength: 60 }), (list) => {
      const contents = new FlushContents()
      contents.collect(changesOf(list))
      const sent = flushChunks(contents, new StoreLayout([]), bounds).flatMap((chunk) => {
        const changes = unpackChanges(chunk.scriptArguments())
        const bytes = changes.reduce((sum, change) => sum + change.key.length + (change.value?.length ?? 0), 0)
        expect(changes.length).toBeLessThanOrEqual(bounds.fieldsMax)
        expect(bytes <= bounds.bytesMax || changes.length === 1).toBe(true)
        return changes.map(({ hash, key, value }) => [`${hash} ${key}`, value?.toString()] as const)
      })
      expect(new Map(sent).size).toBe(sent.length)
      expect(new Map(sent)).toEqual(new Map(list.map(({ store, key, value }) => [`map:${store} ${key}`, value])))
    }),
  )
})

it('reads every key, in scripts within their bounds, at least one', () => {
  fc.assert(
    fc.property(
      fc.dictionary(fc.constantFrom('map:s', 'day:2024-06-01:t', 'day:2024-06-02:t'), fc.array(key)),
      (wanted) => {
        const byHash = new Map(
          Object.entries(wanted).map(([hash, keys]) => [hash, keys.map((one) => Buffer.from(one))]),
        )
        const chunks = readChunks(byHash, bounds)
        expect(chunks.length).toBeGreaterThan(0)
        const read = chunks.flatMap((chunk) => {
          const args = chunk.scriptArguments()
          const keys = pairs(args, 2).flatMap(([hash, packed]) => unpack(packed).map((one) => `${hash} ${one}`))
          expect(keys.length).toBeLessThanOrEqual(bounds.fieldsMax)
          return keys
        })
        expect(read).toEqual([...byHash].flatMap(([hash, keys]) => keys.map((one) => `${hash} ${one}`)))
      },
    ),
  )
})

type Arguments = readonly (string | number | Buffer)[]

function unpackChanges([count, ...hashes]: Arguments) {
  expect(hashes).toHaveLength(3 * Number(count))
  return pairs(hashes, 3).flatMap(([hash, puts, deletes]) => [
    ...pairs(unpack(puts), 2).map(([key = Buffer.of(), value]) => ({ hash, key, value })),
    ...unpack(deletes).map((key) => ({ hash, key, value: undefined })),
  ])
}

function pairs<T>(list: readonly T[], size: number): T[][] {
  return Array.from({ length: list.length / size }, (_, i) => list.slice(i * size, (i + 1) * size))
}

function unpack(packed: unknown): Buffer[] {
  const found: Buffer[] = []
  if (!Buffer.isBuffer(packed)) return found
  for (let at = 0; at < packed.length; ) {
    const length = packed.readUInt32BE(at)
    found.push(packed.subarray(at + 4, at + 4 + length))
    at += 4 + length
  }
  return found
}
