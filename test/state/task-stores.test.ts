import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { AssertionError } from '../../core/assert.ts'
import { hours } from '../../core/duration.ts'
import { StateCorrupted } from '../../core/errors.ts'
import { t } from '../../serdes/schema.ts'
import type { TaskState } from '../../state/backend.ts'
import type { KeyValueStoreDefinition, SessionStoreDefinition, WindowStoreDefinition } from '../../state/definitions.ts'
import { MemoryBackend } from '../../state/memory/memory-backend.ts'
import { TaskStores } from '../../state/task-stores.ts'
import { LoadingState } from './loading-state.ts'

const names: KeyValueStoreDefinition<string, string> = {
  kind: 'key-value store',
  name: 'names',
  key: t.string,
  value: t.string,
}
const sizes: KeyValueStoreDefinition<number, number> = {
  kind: 'key-value store',
  name: 'sizes',
  key: t.int,
  value: t.int,
}
const hourly: WindowStoreDefinition<string, number> = {
  kind: 'window store',
  name: 'hourly',
  key: t.string,
  value: t.int,
}
const visits: SessionStoreDefinition<string, string> = {
  kind: 'session store',
  name: 'visits',
  key: t.string,
  value: t.string,
}

describe('task stores', () => {
  it('read what was written before it is committed, and after', async () => {
    const task = await openTask()
    const store = task.stores.keyValue(names)
    store.put('a', 'Ada')
    store.put('b', 'Bob')
    store.delete('b')
    expect([store.get('a'), store.get('b'), store.get('c')]).toEqual(['Ada', undefined, undefined])
    await task.commit()
    expect([store.get('a'), store.get('b'), store.get('c')]).toEqual(['Ada', undefined, undefined])
    expect(task.stores.take().count).toBe(0)
    expect(task.stores.bufferedBytes).toBe(0)
  })

  it('write the last value of each key, store by store, in the order of first writes', async () => {
    const task = await openTask()
    const store = task.stores.keyValue(names)
    task.stores.keyValue(sizes).put(7, 1)
    store.put('a', '1')
    store.put('b', '2')
    store.put('a', 'a longer value')
    store.delete('b')
    store.put('c', '3')
    store.put('c', '')
    const changes = written(task.stores)
    expect(changes.map(({ store }) => store)).toEqual(['names', 'names', 'names', 'sizes'])
    expect(changes.slice(0, 3).map(({ key, value }) => [key, value?.slice(1)])).toEqual([
      ['a', 'a longer value'],
      ['b', undefined],
      ['c', ''],
    ])
  })

  it('give every user of a store the same contents', async () => {
    const task = await openTask()
    task.stores.keyValue(names).put('a', '1')
    expect(task.stores.keyValue(names).get('a')).toBe('1')
  })

  it('keep windows of one key apart, before 1970 and beyond 2^32 too', async () => {
    const task = await openTask()
    const store = task.stores.window(hourly)
    const starts = [-hours(1), 0, hours(1), Date.UTC(2026, 0, 1), 8.64e15]
    for (const [i, start] of starts.entries()) store.put('key', start, i)
    await task.commit()
    expect(starts.map((start) => store.get('key', start))).toEqual([0, 1, 2, 3, 4])
    const scanned: [string, number, number][] = []
    await store.scan((key, start, value) => scanned.push([key, start, value]))
    expect(scanned.sort((a, b) => a[1] - b[1])).toEqual(starts.map((start, i) => ['key', start, i]))
    store.delete('key', 0)
    expect(store.get('key', 0)).toBeUndefined()
  })

  it('keep all sessions of a key together', async () => {
    const task = await openTask()
    const store = task.stores.session(visits)
    const sessions = [
      { start: 1_000, end: 5_000, value: 'first' },
      { start: 9_000, end: 9_000, value: '' },
    ]
    expect(store.get('a')).toEqual([])
    store.put('a', sessions)
    store.put('b', sessions.slice(1))
    store.put('b', [])
    await task.commit()
    expect([store.get('a'), store.get('b')]).toEqual([sessions, []])
    const scanned: unknown[] = []
    await store.scan((key, sessions) => scanned.push([key, sessions]))
    expect(scanned).toEqual([['a', sessions]])
  })

  it('scan each key once with its newest value, whatever the visitor writes', async () => {
    const task = await openTask()
    const store = task.stores.keyValue(names)
    for (const key of ['a', 'b', 'c', 'd']) store.put(key, 'old')
    await task.commit()
    store.put('b', 'new')
    store.delete('c')
    store.put('e', 'new')
    const scanned = new Map<string, string>()
    await store.scan((key, value) => {
      expect(scanned.has(key)).toBe(false)
      scanned.set(key, value)
      store.put(key, 'visited')
      store.put(`${key}-more`, 'visited')
    })
    expect(Object.fromEntries(scanned)).toEqual({ a: 'old', b: 'new', d: 'old', e: 'new' })
  })

  it('scan the windows of a range, written, taken and kept', async () => {
    const task = await openTask()
    const store = task.stores.window(hourly)
    for (let hour = 0; hour < 6; hour++) store.put('kept', hours(hour), hour)
    await task.commit()
    store.put('kept', hours(2), 20)
    store.delete('kept', hours(3))
    task.stores.take()
    store.put('new', hours(3), 3)
    store.put('new', hours(4), 4)
    const scanned: [string, number, number][] = []
    await store.scan((key, start, value) => scanned.push([key, start / hours(1), value]), {
      from: hours(1),
      to: hours(4),
    })
    expect(scanned.sort((a, b) => a[2] - b[2])).toEqual([
      ['kept', 1, 1],
      ['new', 3, 3],
      ['kept', 2, 20],
    ])
  })

  it('believe a scan only while the state is theirs', async () => {
    const task = await openTask()
    task.stores.keyValue(names).put('a', '1')
    await task.commit()
    await task.state.claim({ token: 9, topicId: 't', logEnd: 10 })
    await expect(task.stores.keyValue(names).scan(() => {})).rejects.toThrow(StateCorrupted)
  })

  it('assert on stores that the task has not', async () => {
    const task = await openTask()
    expect(() => task.stores.keyValue({ ...names, name: 'others' })).toThrow(AssertionError)
    expect(() => new TaskStores([names, names], task.state, task.at)).toThrow(AssertionError)
  })

  it('load nothing from a backend that has everything, but check whose it is', async () => {
    const task = await openTask()
    const store = task.stores.keyValue(names)
    expect(store.load(['a'])).toBeUndefined()
    await task.state.claim({ token: 9, topicId: 't', logEnd: 10 })
    expect(() => store.load(['a'])).toThrow(StateCorrupted)
  })

  it('load each key once, and assert on a key that was neither loaded nor written', async () => {
    const state = new LoadingState(new MemoryBackend().open({ subtopology: 0, partition: 0 }, 'c'))
    const task = await openTask(state)
    const store = task.stores.keyValue(names)
    await store.load(['a', 'b', 'a'])
    await task.stores.window(hourly).load(['k', 'k'], [1, 1])
    expect(state.loads).toEqual([['a', 'b'], ['k\0\0\0\0\0\0\0\x01']])
    store.put('w', 'written')
    expect([store.get('a'), store.get('b'), store.get('w')]).toEqual([undefined, undefined, 'written'])
    expect(() => store.get('c')).toThrow(AssertionError)
    await task.commit()
    expect(() => store.get('a')).toThrow(AssertionError)
  })

  for (const [name, open] of [
    ['in memory', async () => openTask()],
    [
      'behind a load',
      async () => openTask(new LoadingState(new MemoryBackend().open({ subtopology: 0, partition: 0 }, 'c'))),
    ],
  ] as const) {
    it(`equal a map after any writes and commits, ${name}`, () => {
      const key = fc.constantFrom('', 'a', 'b', 'ab', 'c', 'é')
      const step = fc.oneof(
        {
          weight: 5,
          arbitrary: fc.record({ kind: fc.constant('put' as const), key, value: fc.string({ maxLength: 40 }) }),
        },
        { weight: 2, arbitrary: fc.record({ kind: fc.constant('delete' as const), key }) },
        { weight: 3, arbitrary: fc.record({ kind: fc.constant('get' as const), key }) },
        { weight: 2, arbitrary: fc.constant({ kind: 'commit' as const }) },
      )
      return fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
          const task = await open()
          const store = task.stores.keyValue(names)
          const model = new Map<string, string>()
          const dirty = new Map<string, string | undefined>()
          for (const step of steps) {
            if (step.kind === 'put') {
              store.put(step.key, step.value)
              model.set(step.key, step.value)
              dirty.set(step.key, step.value)
            } else if (step.kind === 'delete') {
              store.delete(step.key)
              model.delete(step.key)
              dirty.set(step.key, undefined)
            } else if (step.kind === 'get') {
              await store.load([step.key])
              expect(store.get(step.key)).toBe(model.get(step.key))
            } else {
              await task.commit()
              dirty.clear()
            }
          }
          expect(written(task.stores).map(({ key }) => key)).toEqual([...dirty.keys()].map(latin1))
          const scanned = new Map<string, string>()
          await store.scan((key, value) => scanned.set(key, value))
          expect(scanned).toEqual(model)
        }),
      )
    })
  }
})

async function openTask(state: TaskState = new MemoryBackend().open({ subtopology: 0, partition: 0 }, 'c')) {
  let offset = 0
  const at = () => ({ token: 1, offset })
  await state.claim({ token: 1, topicId: 't', logEnd: 1 })
  const stores = new TaskStores([names, sizes, hourly, visits], state, at)
  return {
    state,
    stores,
    at,
    async commit() {
      const changes = stores.take()
      const to = offset + changes.count + 1
      await state.apply(changes, {
        token: 1,
        from: offset,
        to,
        marker: undefined,
        writer: undefined,
        appendedAt: 0,
      })
      stores.clear()
      offset = to
    },
  }
}

function written(stores: TaskStores) {
  const list: { store: string; key: string; value: string | undefined }[] = []
  stores.take().forEach((store, key, keyStart, keyEnd, value, valueStart, valueEnd) => {
    list.push({
      store,
      key: key.toString('latin1', keyStart, keyEnd),
      value: value?.toString('latin1', valueStart, valueEnd),
    })
  })
  return list
}

function latin1(text: string): string {
  return Buffer.from(text).toString('latin1')
}
