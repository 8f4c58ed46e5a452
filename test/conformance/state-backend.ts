// What every state backend must do: whoever writes shows the right token and offset, and a copy is the fold of the log up to its offset.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { AssertionError } from '../../core/assert.ts'
import { ByteWriter } from '../../core/byte-writer.ts'
import { days, hours } from '../../core/duration.ts'
import { StateCorrupted, TaskFenced } from '../../core/errors.ts'
import { t } from '../../serdes/schema.ts'
import type { Changes, CheckpointMove, StateBackend, TaskState } from '../../state/backend.ts'
import { windowStore } from '../../state/store-definitions.ts'
import { readStart, writeStart } from '../../state/window-store.ts'
import { changesOf, type ListedChange } from '../state/changes-of.ts'

const TASK = { subtopology: 0, partition: 3 }
const CHANGELOG = 'app-counts-changelog'
const TOPIC_ID = 'topic-1'
const WRITER = { transactionalId: 'app-1', incarnation: 2 }
const NOTHING = changesOf([])

export interface StateBackendCase {
  /** A backend that holds nothing. */
  open(): Promise<StateBackend>
  /** Runs of each property. */
  readonly runs?: number
}

export function stateBackendConformance(name: string, { open, runs = 100 }: StateBackendCase): void {
  async function withState(test: (state: TaskState, backend: StateBackend) => Promise<void>): Promise<void> {
    const backend = await open()
    try {
      await test(backend.open(TASK, CHANGELOG), backend)
    } finally {
      await backend.close()
    }
  }

  describe(`${name} as a state backend`, () => {
    describe('claiming', () => {
      it('holds nothing before the first claim', () =>
        withState(async (state) => {
          expect(await state.checkpoint()).toBeUndefined()
          await expect(loading(state, { token: 0, offset: 0 }, 's', [])).rejects.toThrow(StateCorrupted)
          await expect(state.apply(NOTHING, move(0, 0, 1))).rejects.toThrow(StateCorrupted)
        }))

      it('begins an empty generation at offset 0', () =>
        withState(async (state) => {
          const fresh = { token: 5, offset: 0, topicId: TOPIC_ID, marker: undefined, writer: undefined, appendedAt: 0 }
          expect(await claim(state, 5)).toEqual(fresh)
          expect(await state.checkpoint()).toEqual(fresh)
        }))

      it('hands what is there to a newer token', () =>
        withState(async (state) => {
          await filled(state, 5, 10)
          const taken = await claim(state, 12)
          expect(taken).toEqual({
            token: 12,
            offset: 10,
            topicId: TOPIC_ID,
            marker: Buffer.from('marker 10'),
            writer: WRITER,
            appendedAt: 1010,
          })
          expect(await read(state, taken, 's', ['a'])).toEqual(['1'])
        }))

      it('takes the same claim twice', () =>
        withState(async (state) => {
          await claim(state, 5)
          expect(await claim(state, 5)).toMatchObject({ token: 5, offset: 0 })
        }))

      it('refuses an older token and leaves everything as it is', () =>
        withState(async (state) => {
          await filled(state, 5, 10)
          const before = await state.checkpoint()
          await expect(claim(state, 4)).rejects.toThrow(TaskFenced)
          await expect(state.wipe(4, TOPIC_ID)).rejects.toThrow(TaskFenced)
          await expect(claim(state, 4, 6)).rejects.toThrow(TaskFenced)
          expect(await state.checkpoint()).toEqual(before)
          expect(await contents(state, 's')).toEqual({ a: '1' })
        }))

      it('begins anew when the log is another one, or ends before the copy', () =>
        withState(async (state) => {
          await filled(state, 5, 10)
          expect(await claim(state, 7, 9)).toMatchObject({ token: 7, offset: 0, marker: undefined })
          expect(await contents(state, 's')).toEqual({})
          await filled(state, 7, 10)
          expect(await state.claim({ token: 2, topicId: 'topic-2', logEnd: 20 })).toMatchObject({
            token: 2,
            offset: 0,
            topicId: 'topic-2',
          })
          expect(await contents(state, 's')).toEqual({})
        }))

      it('wipes what is there', () =>
        withState(async (state) => {
          await filled(state, 5, 10)
          expect(await state.wipe(5, TOPIC_ID)).toMatchObject({
            token: 5,
            offset: 0,
            marker: undefined,
            writer: undefined,
          })
          expect(await contents(state, 's')).toEqual({})
          expect(state.entries('s')).toBe(0)
        }))
    })

    describe('fencing', () => {
      it('reads only for whoever knows token and offset', () =>
        withState(async (state) => {
          await filled(state, 5, 10)
          await expect(loading(state, { token: 4, offset: 10 }, 's', ['a'])).rejects.toThrow(StateCorrupted)
          await expect(loading(state, { token: 6, offset: 10 }, 's', ['a'])).rejects.toThrow(StateCorrupted)
          await expect(loading(state, { token: 5, offset: 9 }, 's', ['a'])).rejects.toThrow(StateCorrupted)
          expect(await read(state, { token: 5, offset: 10 }, 's', ['a'])).toEqual(['1'])
        }))

      it('applies nothing of a flush that does not follow', () =>
        withState(async (state) => {
          await filled(state, 5, 10)
          const changes = changesOf([{ store: 's', key: 'a', value: '2' }])
          const before = await state.checkpoint()
          await expect(state.apply(changes, move(5, 9, 12))).rejects.toThrow(StateCorrupted)
          await expect(state.apply(changes, move(5, 11, 12))).rejects.toThrow(StateCorrupted)
          await expect(state.apply(changes, move(6, 10, 12))).rejects.toThrow(StateCorrupted)
          await expect(state.apply(changes, move(4, 10, 12))).rejects.toThrow(TaskFenced)
          expect(await state.checkpoint()).toEqual(before)
          expect(await contents(state, 's')).toEqual({ a: '1' })
        }))

      it('stops a zombie at its next flush and its next read', () =>
        withState(async (zombie, backend) => {
          await filled(zombie, 5, 10)
          const owner = backend.open(TASK, CHANGELOG)
          await claim(owner, 12)
          await expect(zombie.apply(NOTHING, move(5, 10, 12))).rejects.toThrow(TaskFenced)
          await expect(loading(zombie, { token: 5, offset: 10 }, 's', ['a'])).rejects.toThrow(StateCorrupted)
          await owner.apply(NOTHING, move(12, 10, 13))
        }))

      it('refuses the same flush a second time', () =>
        withState(async (state) => {
          await claim(state, 5)
          await state.apply(NOTHING, move(5, 0, 10))
          await expect(state.apply(NOTHING, move(5, 0, 10))).rejects.toThrow(StateCorrupted)
        }))
    })

    describe('contents', () => {
      it('moves the checkpoint with the changes, and keeps its own copy of the marker', () =>
        withState(async (state) => {
          await claim(state, 5)
          const marker = Buffer.from('marker')
          const changes = changesOf([{ store: 's', key: 'a', value: '1' }])
          await state.apply(changes, { token: 5, from: 0, to: 4, marker, writer: WRITER, appendedAt: 77 })
          marker.fill(0)
          expect(await state.checkpoint()).toEqual({
            token: 5,
            offset: 4,
            topicId: TOPIC_ID,
            marker: Buffer.from('marker'),
            writer: WRITER,
            appendedAt: 77,
          })
        }))

      it('keeps stores and tasks apart', () =>
        withState(async (state, backend) => {
          const neighbor = backend.open({ subtopology: 0, partition: 4 }, CHANGELOG)
          await filled(state, 5, 10)
          await claim(neighbor, 6)
          await state.apply(changesOf([{ store: 't', key: 'a', value: '2' }]), move(5, 10, 11))
          expect(await contents(state, 's')).toEqual({ a: '1' })
          expect(await contents(state, 't')).toEqual({ a: '2' })
          expect(await contents(neighbor, 's')).toEqual({})
        }))

      it('tells empty keys and empty values from none', () =>
        withState(async (state) => {
          await claim(state, 5)
          const list = [
            { store: 's', key: '', value: 'of the empty key' },
            { store: 's', key: 'empty', value: '' },
          ]
          await state.apply(changesOf(list), move(5, 0, 2))
          const at = { token: 5, offset: 2 }
          expect(await read(state, at, 's', ['', 'empty', 'none'])).toEqual(['of the empty key', '', undefined])
        }))

      it('takes large values and many entries in one flush', () =>
        withState(async (state) => {
          await claim(state, 5)
          const many = Array.from({ length: 12_000 }, (_, i) => ({ store: 's', key: `key-${i}`, value: `value-${i}` }))
          const large = { store: 's', key: 'large', value: 'v'.repeat(900_000) }
          await state.apply(changesOf([...many, large]), move(5, 0, 20_000))
          expect(state.entries('s')).toBe(12_001)
          expect(state.bytes('s')).toBeGreaterThan(900_000)
          const at = { token: 5, offset: 20_000 }
          expect(await read(state, at, 's', ['key-0', 'key-11999', 'large'])).toEqual([
            'value-0',
            'value-11999',
            large.value,
          ])
        }))

      it('keeps its contents when the task is closed and opened again', () =>
        withState(async (state, backend) => {
          await filled(state, 5, 10)
          await state.close()
          const reopened = backend.open(TASK, CHANGELOG)
          const taken = await claim(reopened, 11)
          expect(await read(reopened, taken, 's', ['a'])).toEqual(['1'])
        }))

      it('shows its last flush to whoever looks, who owns nothing by it', () =>
        withState(async (state, backend) => {
          const view = backend.view(TASK, CHANGELOG, [])
          expect(await view.read('s', [Buffer.from('a')])).toBeUndefined()
          await filled(state, 5, 10)
          const keys = [Buffer.from('b'), Buffer.from('a')]
          const before = await state.checkpoint()
          expect(await view.read('s', keys)).toEqual({ checkpoint: before, values: [undefined, Buffer.from('1')] })
          expect((await view.read('t', keys))?.values).toEqual([undefined, undefined])
          if (!state.isResident) expect(() => state.get('s', Buffer.from('a'), 0, 1)).toThrow(AssertionError)
          await state.apply(changesOf([{ store: 's', key: 'a', value: undefined }]), move(5, 10, 12))
          expect((await view.read('s', keys))?.values).toEqual([undefined, undefined])
          expect(await state.checkpoint()).toEqual((await view.read('s', []))?.checkpoint)
        }))

      it('asserts when a key is read that was not loaded, unless all are readable', () =>
        withState(async (state) => {
          await filled(state, 5, 10)
          const key = Buffer.from('a')
          if (state.isResident) expect(state.get('s', key, 0, 1)?.toString()).toBe('1')
          else expect(() => state.get('s', key, 0, 1)).toThrow(AssertionError)
        }))

      it('scans the windows that begin in a range, whatever else there is', () =>
        fc.assert(
          fc.asyncProperty(
            fc.array(windowArbitrary),
            fc.array(windowArbitrary),
            instant,
            instant,
            fc.integer({ min: 1, max: 20 }),
            async (puts, deletes, from, to, atOnce) => {
              const backend = await open()
              const state = backend.open(TASK, CHANGELOG, [WINDOWS])
              await claim(state, 1)
              const written = puts.map(({ key, start }, i) => ({
                store: 'windows',
                key: windowKey(key, start),
                value: `${i}`,
              }))
              const deleted = deletes.map(({ key, start }) => ({
                store: 'windows',
                key: windowKey(key, start),
                value: undefined,
              }))
              await state.apply(changesOf(written), move(1, 0, 1_000))
              await state.apply(changesOf(deleted), move(1, 1_000, 2_000))
              const model = new Map<string, string>()
              for (const { key, value } of [...written, ...deleted])
                if (value === undefined) model.delete(key.toString('latin1'))
                else model.set(key.toString('latin1'), value)
              const within = [...model].filter(([key]) => {
                const start = readStart(Buffer.from(key, 'latin1'), key.length - 8)
                return from <= start && start < to
              })
              const scanned: [string, string][] = []
              const walk = state.walk('windows', { from, to })
              const visit = (key: Buffer, value: Buffer) => {
                scanned.push([key.toString('latin1'), value.toString()])
              }
              while (!(await walk.next(atOnce, visit)).isAtEnd);
              expect(scanned.sort()).toEqual(within.sort())
              await backend.close()
            },
          ),
          { numRuns: runs },
        ))

      it('equals a map after any flushes, take-overs and wipes', () =>
        fc.assert(
          fc.asyncProperty(fc.array(stepArbitrary, { maxLength: 30 }), (steps) =>
            withState(async (state) => {
              await followModel(state, steps)
            }),
          ),
          { numRuns: runs },
        ))
    })
  })
}

const WINDOWS = windowStore('windows', { key: t.string, value: t.string })
/** Within a week on both sides of 1970, some on the hour so that windows meet; ends of ranges fall anywhere. */
const instant = fc.oneof(
  fc.integer({ min: -days(7), max: days(7) }),
  fc.integer({ min: -20, max: 20 }).map((count) => count * hours(12)),
)
const windowArbitrary = fc.record({ key: fc.constantFrom('', 'a', 'day:'), start: instant })

function windowKey(key: string, start: number): Buffer {
  const writer = new ByteWriter()
  writer.text(key)
  writeStart(start, writer)
  return writer.copy()
}

const changeArbitrary = fc.record({
  store: fc.constantFrom('s', 't'),
  key: fc.oneof(fc.constantFrom('', 'a', 'b', '\0'), fc.string({ maxLength: 4 })),
  value: fc.option(fc.string({ maxLength: 60 }), { nil: undefined }),
})
const stepArbitrary = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('flush' as const), changes: fc.array(changeArbitrary) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('claim' as const, 'wipe' as const) }) },
)
type Step = { readonly kind: 'flush'; readonly changes: readonly ListedChange[] } | { readonly kind: 'claim' | 'wipe' }

async function followModel(state: TaskState, steps: readonly Step[]): Promise<void> {
  const model: Record<string, Map<string, string>> = { s: new Map(), t: new Map() }
  let at = await claim(state, 1)
  for (const step of steps) {
    if (step.kind === 'flush') {
      const to = at.offset + step.changes.length + 1
      await state.apply(changesOf(step.changes), move(at.token, at.offset, to))
      at = { ...at, offset: to }
      for (const change of step.changes) apply(change, model)
    } else if (step.kind === 'claim') {
      at = await claim(state, at.token + 1)
    } else {
      at = await state.wipe(at.token, TOPIC_ID)
      for (const store of Object.values(model)) store.clear()
    }
  }
  for (const [store, entries] of Object.entries(model)) {
    expect(await contents(state, store)).toEqual(Object.fromEntries(entries))
    expect(state.entries(store)).toBe(entries.size)
    expect(await read(state, at, store, [...entries.keys(), 'absent'])).toEqual([...entries.values(), undefined])
  }
}

function apply({ store, key, value }: ListedChange, model: Record<string, Map<string, string>>): void {
  if (value === undefined) model[store]?.delete(String(key))
  else model[store]?.set(String(key), String(value))
}

function claim(state: TaskState, token: number, logEnd = 1_000_000) {
  return state.claim({ token, topicId: TOPIC_ID, logEnd })
}

function move(token: number, from: number, to: number): CheckpointMove {
  return { token, from, to, marker: Buffer.from(`marker ${to}`), writer: WRITER, appendedAt: 1000 + to }
}

/** Claims and writes `a = 1` to store `s`. */
async function filled(state: TaskState, token: number, to: number): Promise<void> {
  const { offset } = await claim(state, token)
  const changes: Changes = changesOf([{ store: 's', key: 'a', value: '1' }])
  await state.apply(changes, move(token, offset, to))
}

type Place = { readonly token: number; readonly offset: number }

async function loading(state: TaskState, at: Place, store: string, keys: readonly string[]): Promise<void> {
  await state.load(
    at,
    store,
    keys.map((key) => Buffer.from(key)),
  )
}

async function read(state: TaskState, at: Place, store: string, keys: readonly string[]) {
  await loading(state, at, store, keys)
  return keys.map((key) => state.get(store, Buffer.from(key), 0, Buffer.byteLength(key))?.toString())
}

async function contents(state: TaskState, store: string): Promise<Record<string, string>> {
  const entries: [string, string][] = []
  await state.walk(store).next(Number.POSITIVE_INFINITY, (key, value) => {
    entries.push([key.toString(), value.toString()])
  })
  const unique = Object.fromEntries(entries)
  expect(Object.keys(unique).length).toBe(entries.length)
  return unique
}
