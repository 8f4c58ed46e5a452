// What does a dedupe key cost in memory, and how fast is it written, read, overwritten and restored?
// Keys are case ids, values as long as a case's version, content hash and counted facts.

import { t } from '../serdes/schema.ts'
import type { Changes, TaskState } from '../state/backend.ts'
import type { KeyValueStoreDefinition } from '../state/definitions.ts'
import { ByteTable } from '../state/memory/byte-table.ts'
import { MemoryBackend } from '../state/memory/memory-backend.ts'
import { TaskStores } from '../state/task-stores.ts'

const KEYS = 1_000_000
const FLUSH = 5_000
const VALUE = Buffer.alloc(80, 'v')

export async function run(): Promise<void> {
  const before = memory()
  const table = new ByteTable()
  const rows: Record<string, string> = {}
  const key = Buffer.alloc(12)
  const timed = (name: string, step: (i: number) => void) => {
    const [mean, worst] = perKey(key, step)
    rows[name] = `${mean.toFixed(3)} µs a key, worst ${worst.toFixed(1)} ms a thousand`
  }
  timed('put, new', (i) => table.put(key, 0, key.length, VALUE, 0, valueLength(i)))
  rows.memory = `${((memory() - before) / KEYS).toFixed(1)} bytes a key of 12 bytes and a value of 60–70`
  timed('find', () => table.find(key, 0, key.length))
  timed('get', () => table.get(key, 0, key.length))
  timed('put, same length', (i) => table.put(key, 0, key.length, VALUE, 0, valueLength(i)))
  timed('put, growing', (i) => table.put(key, 0, key.length, VALUE, 0, valueLength(i) + 8))
  rows['memory after growing'] = `${((memory() - before) / KEYS).toFixed(1)} bytes a key`
  const state = new MemoryBackend().open({ subtopology: 0, partition: 0 }, 'changelog')
  rows.restore = await restored(state)
  rows['typed get and put'] = await typed(state)
  console.table(rows)
}

/** Mean µs a key in random order, and the slowest thousand in ms. */
function perKey(key: Buffer, step: (i: number) => void): [mean: number, worst: number] {
  let worst = 0
  const start = performance.now()
  for (let i = 0; i < KEYS; ) {
    const chunk = performance.now()
    for (const end = i + 1_000; i < end; i++) {
      const id = (i * 7_919) % KEYS
      writeId(id, key)
      step(id)
    }
    worst = Math.max(worst, performance.now() - chunk)
  }
  return [((performance.now() - start) * 1_000) / KEYS, worst]
}

/** Applies a log of all keys in flushes, as a restore does. */
async function restored(state: TaskState): Promise<string> {
  await state.claim({ token: 1, topicId: 'id', logEnd: 0 })
  const start = performance.now()
  for (let from = 0; from < KEYS; from += FLUSH) {
    const move = { token: 1, from, to: from + FLUSH, marker: undefined, writer: undefined, appendedAt: 0 }
    await state.apply(logged(from), move)
  }
  const ms = performance.now() - start
  return `${KEYS} keys in ${ms.toFixed(0)} ms, ${(KEYS / ms / 1_000).toFixed(2)} M/s`
}

function logged(from: number): Changes {
  const key = Buffer.alloc(12)
  return {
    count: FLUSH,
    forEach: (visit) => {
      for (let i = from; i < from + FLUSH; i++) {
        writeId(i, key)
        visit('cases', key, 0, key.length, VALUE, 0, valueLength(i))
      }
    },
  }
}

/** An operator's way to a value and back: encode the key, decode the value, write a new one. */
async function typed(state: TaskState): Promise<string> {
  const counts: KeyValueStoreDefinition<string, string> = {
    kind: 'key-value store',
    name: 'cases',
    key: t.string,
    value: t.string,
  }
  const stores = new TaskStores([counts], state, () => ({ token: 1, offset: KEYS }))
  const store = stores.keyValue(counts)
  const ids = Array.from({ length: KEYS }, (_, i) => String(101_000_000_000 + ((i * 7_919) % KEYS)))
  const value = 'w'.repeat(63)
  let found = 0
  const start = performance.now()
  for (let i = 0; i < KEYS; i++) {
    const id = ids[i] as string
    store.put(id, value)
    if (store.get(id) !== undefined) found++
    if (i % FLUSH === FLUSH - 1) {
      stores.take()
      stores.clear()
    }
  }
  return `${(((performance.now() - start) * 1_000) / KEYS).toFixed(3)} µs a key (${found} found)`
}

function writeId(id: number, to: Buffer): void {
  for (let i = to.length - 1, rest = id; i >= 0; i--, rest = Math.floor(rest / 10)) to[i] = 48 + (rest % 10)
}

function valueLength(id: number): number {
  return 60 + (id % 11)
}

function memory(): number {
  globalThis.gc?.()
  const { arrayBuffers, heapUsed } = process.memoryUsage()
  return arrayBuffers + heapUsed
}
