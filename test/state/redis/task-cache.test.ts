import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { AssertionError } from '../../../core/assert.ts'
import { TaskCache } from '../../../state/redis/task-cache.ts'

const MIB = 1_048_576

describe('what a task remembers of Redis', () => {
  it('stays within its bound, and keeps what is used', () => {
    const cache = new TaskCache(() => 4 * MIB)
    const hot = Buffer.from('hot')
    cache.add('s', hot, hot, 0, 3)
    for (let round = 0; round < 200; round++) {
      cache.beginFlush()
      expect(cache.recall('s', hot)).toBe(true)
      for (let i = 0; i < 500; i++) add(cache, `key-${round}-${i}`, 'v'.repeat(80))
      cache.trim()
      // A batch of 500 may come on top.
      expect(cache.byteLength).toBeLessThan(4 * MIB + 200_000)
    }
    expect(cache.recall('s', Buffer.from('key-0-0'))).toBe(false)
    expect(cache.recall('s', Buffer.from('key-199-0'))).toBe(true)
  })

  it('keeps what was loaded since the last flush, however much that is', () => {
    const cache = new TaskCache(() => 0)
    for (let i = 0; i < 5_000; i++) {
      add(cache, `key-${i}`, `${i}`)
      cache.trim()
    }
    for (let i = 0; i < 5_000; i++) expect(get(cache, `key-${i}`)).toBe(`${i}`)
    cache.beginFlush()
    expect(cache.recall('s', Buffer.from('key-0'))).toBe(false)
  })

  it('asserts that a key was loaded, even one that it knows', () => {
    const cache = new TaskCache(() => MIB)
    add(cache, 'a', '1')
    cache.beginFlush()
    expect(() => get(cache, 'a')).toThrow(AssertionError)
    expect(cache.recall('s', Buffer.from('a'))).toBe(true)
    expect(get(cache, 'a')).toBe('1')
  })

  it('answers what a map would, whatever of it is still known', () => {
    const step = fc.record({
      kind: fc.constantFrom('read' as const, 'write' as const, 'delete' as const, 'flush' as const),
      key: fc.constantFrom('', 'a', 'b', 'c', 'd'),
      value: fc.string({ maxLength: 20 }),
      store: fc.constantFrom('s', 't'),
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 100 }), fc.constantFrom(0, 200_000, 10 * MIB), (steps, bytesMax) => {
        const cache = new TaskCache(() => bytesMax)
        const redis = new Map<string, string>()
        for (const { kind, key, value, store } of steps) {
          const bytes = Buffer.from(key)
          if (kind === 'read') {
            const stored = redis.get(`${store} ${key}`)
            if (!cache.recall(store, bytes)) add(cache, key, stored, store)
            expect(cache.get(store, bytes, 0, bytes.length)?.toString()).toBe(stored)
          } else {
            cache.beginFlush()
            if (kind === 'write') redis.set(`${store} ${key}`, value)
            if (kind === 'delete') redis.delete(`${store} ${key}`)
            const written = kind === 'write' ? Buffer.from(value) : undefined
            if (kind !== 'flush') cache.write(store, bytes, 0, bytes.length, written, 0, written?.length ?? 0)
          }
          cache.trim()
        }
      }),
    )
  })
})

function add(cache: TaskCache, key: string, value: string | undefined, store = 's'): void {
  const bytes = value === undefined ? undefined : Buffer.from(value)
  cache.add(store, Buffer.from(key), bytes, 0, bytes?.length ?? 0)
}

function get(cache: TaskCache, key: string): string | undefined {
  return cache.get('s', Buffer.from(key), 0, Buffer.byteLength(key))?.toString()
}
