// A walk in parts through a store of 3,000 entries, to which its owner writes between the first of them.
import { expect } from 'vitest'
import type { TaskState } from '../../state/backend.ts'
import { changesOf } from './changes-of.ts'

export async function expectWalkToMeetWhatStays(state: TaskState): Promise<void> {
  const move = (from: number) => ({ token: 1, from, to: from + 1, marker: undefined, writer: undefined, appendedAt: 0 })
  await state.claim({ token: 1, topicId: 'log', logEnd: 0 })
  const staying = Array.from({ length: 3_000 }, (_, i) => ({ store: 's', key: `${i}`, value: 'v' }))
  await state.apply(changesOf(staying), move(0))
  const walk = state.walk('s')
  const met = new Set<string>()
  let parts = 0
  for (let isAtEnd = false; !isAtEnd; parts++) {
    isAtEnd = (await walk.next(500, (key) => void met.add(key.toString()))).isAtEnd
    const written = [`more ${parts}`, '0'].map((key) => ({ store: 's', key, value: `longer than before ${parts}` }))
    if (parts < 3) await state.apply(changesOf(written), move(1 + parts))
  }
  expect(parts).toBeGreaterThan(3)
  expect(staying.filter(({ key }) => !met.has(key))).toEqual([])
}
