import { describe, expect, it } from 'vitest'
import { hours } from '../../core/duration.ts'
import { StateCorrupted } from '../../core/errors.ts'
import { t } from '../../serdes/schema.ts'
import type { KeyValueStoreDefinition, SessionStoreDefinition, WindowStoreDefinition } from '../../state/definitions.ts'
import { MemoryBackend } from '../../state/memory/memory-backend.ts'
import { ENTRIES_MAX, StateQuery } from '../../state/query.ts'
import { TaskStores } from '../../state/task-stores.ts'

const cases: KeyValueStoreDefinition<string, number> = {
  kind: 'key-value store',
  name: 'cases',
  key: t.string,
  value: t.int,
}
const hourly: WindowStoreDefinition<string, number> = {
  kind: 'window store',
  name: 'hourly',
  key: t.string,
  value: t.int,
}
const visits: SessionStoreDefinition<string, number> = {
  kind: 'session store',
  name: 'visits',
  key: t.string,
  value: t.int,
}

describe('a query', () => {
  it('answers with what is committed and the position that this reflects', async () => {
    const { stores, query, commit } = await runningTask()
    const store = stores.keyValue(cases)
    store.put('a', 1)
    await commit()
    store.put('a', 2)
    store.put('b', 2)
    const at = { task: '0_3', offset: 2, watermark: 77 }
    expect(await query.get(cases, 'a')).toEqual({ at, value: 1 })
    expect(await query.get(cases, 'b')).toEqual({ at, value: undefined })
  })

  it('reads windows by their starts, and sessions by key', async () => {
    const { stores, query, commit } = await runningTask()
    stores.window(hourly).put('Mission', hours(1), 5)
    stores.session(visits).put('k', [{ start: 1, end: 2, value: 3 }])
    await commit()
    expect((await query.windows(hourly, 'Mission', [0, hours(1)])).value).toEqual([undefined, 5])
    expect((await query.sessions(visits, 'k')).value).toEqual([{ start: 1, end: 2, value: 3 }])
    expect((await query.scanWindows(hourly, 10)).value).toEqual({
      entries: [{ key: { key: 'Mission', start: hours(1) }, value: 5 }],
      isCut: false,
    })
  })

  it('holds no more entries than asked for, and never more than its bound', async () => {
    const { stores, query, commit } = await runningTask()
    const store = stores.keyValue(cases)
    for (let i = 0; i <= ENTRIES_MAX; i++) store.put(`case-${i}`, i)
    await commit()
    const few = await query.scan(cases, 3)
    expect(few.value.isCut).toBe(true)
    expect(few.value.entries.map(({ key, value }) => key === `case-${value}`)).toEqual([true, true, true])
    const many = await query.scan(cases, 1_000_000)
    expect([many.value.entries.length, many.value.isCut]).toEqual([ENTRIES_MAX, true])
  })

  it('is refused when the task has moved away', async () => {
    const { state, query } = await runningTask()
    await state.claim({ token: 2, topicId: 't', logEnd: 10 })
    await expect(query.get(cases, 'a')).rejects.toThrow(StateCorrupted)
  })
})

async function runningTask() {
  const state = new MemoryBackend().open({ subtopology: 0, partition: 3 }, 'changelog')
  let offset = 0
  await state.claim({ token: 1, topicId: 't', logEnd: 1 })
  const stores = new TaskStores([cases, hourly, visits], state, () => ({ token: 1, offset }))
  const query = new StateQuery(state, () => ({ task: '0_3', token: 1, offset, watermark: 77 }))
  return {
    state,
    stores,
    query,
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
