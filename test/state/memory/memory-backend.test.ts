import { describe, expect, it } from 'vitest'
import { StateCorrupted } from '../../../core/errors.ts'
import { chunksWithFaults, type StateCall, type StateFaults, withFaults } from '../../../state/fault-hooks.ts'
import { MemoryBackend } from '../../../state/memory/memory-backend.ts'
import { stateBackendConformance } from '../../conformance/state-backend.ts'
import { changesOf } from '../changes-of.ts'

stateBackendConformance('memory', { open: async () => new MemoryBackend() })
stateBackendConformance('memory, flushed in chunks', {
  open: async () => new MemoryBackend({ size: 2, between: async () => {} }),
})
stateBackendConformance('memory, with hooks', { open: async () => withFaults(new MemoryBackend(), {}) })

const task = { subtopology: 0, partition: 0 }
const four = changesOf(['a', 'b', 'c', 'd'].map((key) => ({ store: 's', key, value: 'new' })))
const move = { token: 1, from: 0, to: 6, marker: undefined, writer: undefined, appendedAt: 0 }

describe('a torn flush', () => {
  it('is refused by reads, and cleared by the next claim, which applies it again', async () => {
    const state = tornable({ after: failAt('apply chunk') })
    await state.claim({ token: 1, topicId: 't', logEnd: 1 })
    await expect(state.apply(four, move)).rejects.toThrow('crash')
    expect(await state.checkpoint()).toMatchObject({ token: 1, offset: 0 })
    expect(state.entries('s')).toBe(2)
    await expect(state.load({ token: 1, offset: 0 }, 's', [])).rejects.toThrow(StateCorrupted)
    await expect(backend.view(task, 'c').read('s', [])).rejects.toMatchObject({ code: 'state_moving' })
    await expect(state.apply(four, move)).rejects.toThrow(StateCorrupted)

    await state.claim({ token: 2, topicId: 't', logEnd: 7 })
    await state.load({ token: 2, offset: 0 }, 's', [])
    await state.apply(four, { ...move, token: 2 })
    expect(await state.checkpoint()).toMatchObject({ token: 2, offset: 6 })
    expect(state.entries('s')).toBe(4)
  })

  it('stops where a newer owner claims between two chunks', async () => {
    const state = tornable({
      after: async ({ name }) => {
        if (name === 'apply chunk') await backend.open(task, 'c').claim({ token: 2, topicId: 't', logEnd: 9 })
      },
    })
    await state.claim({ token: 1, topicId: 't', logEnd: 1 })
    await expect(state.apply(four, move)).rejects.toThrow('claimed with token 2')
    expect(await state.checkpoint()).toMatchObject({ token: 2, offset: 0 })
  })
})

describe('hooks', () => {
  it('lose a call before it takes effect, or its answer afterwards', async () => {
    const lost = tornable({ before: failAt('claim') })
    await expect(lost.claim({ token: 1, topicId: 't', logEnd: 1 })).rejects.toThrow('crash')
    expect(await lost.checkpoint()).toBeUndefined()
    const unanswered = tornable({ after: failAt('claim') })
    await expect(unanswered.claim({ token: 1, topicId: 't', logEnd: 1 })).rejects.toThrow('crash')
    expect(await unanswered.checkpoint()).toMatchObject({ token: 1 })
  })
})

let backend = new MemoryBackend()

function tornable(faults: StateFaults) {
  backend = new MemoryBackend(chunksWithFaults(2, faults))
  return withFaults(backend, faults).open(task, 'c')
}

/** Throws the first time. */
function failAt(name: StateCall['name']): (call: StateCall) => void {
  let left = 1
  return (call) => {
    if (call.name === name && left-- > 0) throw new Error('crash')
  }
}
