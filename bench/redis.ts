// What does a dedupe key cost in Redis: read in a batch, written in a flush, scanned; how much memory does it take; and how soon does a task run
// after the claim of a copy with a million keys? A server of its own, started for the run, on a port of 127.0.0.1; or the one at REDIS_URL.

import { randomUUID } from 'node:crypto'
import { Redis } from 'ioredis'
import { ByteWriter } from '../core/byte-writer.ts'
import { hours } from '../core/duration.ts'
import { t } from '../serdes/schema.ts'
import type { Changes, StartRange, TaskState } from '../state/backend.ts'
import { openRedisBackend } from '../state/redis/redis-backend.ts'
import { windowStore } from '../state/store-definitions.ts'
import { SEGMENT_MS, writeStart } from '../state/window-store.ts'
import { startRedis } from '../test/services/redis.ts'

const KEYS = 1_000_000
const FLUSH = 5_000
const BATCH = 1_000
const BATCHES = 200
const VALUE = Buffer.alloc(80, 'v')
const VALUE_BYTES = 65
const WINDOW_DAYS = 30
const WINDOW_HOURS = WINDOW_DAYS * 24

export async function run(): Promise<void> {
  const service = await startRedis()
  const rows: Record<string, string> = {}
  const app = `bench-${randomUUID()}`
  const task = { subtopology: 0, partition: 0 }
  const probe = new Redis(service.url)
  try {
    const before = await usedBytes(probe)
    const writer = await openRedisBackend({ url: service.url, app })
    const state = writer.open(task, 'changelog')
    rows['apply, new keys'] = await filled(state)
    const memory = ((await usedBytes(probe)) - before) / KEYS
    rows['memory in Redis'] = `${memory.toFixed(0)} bytes a key of 12 bytes and a value of ${VALUE_BYTES}`
    await writer.close()
    for (const [name, cacheBytesMax] of [
      ['no cache', 0],
      ['a cache for all', 512 * 1_048_576],
    ] as const) {
      const backend = await openRedisBackend({ url: service.url, app, cacheBytesMax })
      const reader = backend.open(task, 'changelog')
      const { claimed, running } = await coldClaim(reader)
      rows[`cold claim of ${KEYS} keys, ${name}`] =
        `${claimed.toFixed(1)} ms, first batch of ${BATCH} read after ${running.toFixed(1)} ms`
      rows[`load, ${name}, first time`] = await loaded(reader)
      // A flush ends what is readable: the second pass meets the cache, or Redis again.
      await flush(reader, 0, 1, 0)
      rows[`load, ${name}, again`] = await loaded(reader)
      rows[`apply, known keys, ${name}`] = await rewritten(reader)
      await backend.close()
    }
    const backend = await openRedisBackend({ url: service.url, app })
    rows.scan = await scanned(backend.open(task, 'changelog'), 's')
    await backend.close()
    Object.assign(rows, await windowsOf(service.url))
  } finally {
    probe.disconnect()
    await service.stop()
  }
  console.table(rows)
}

let token = 0
let offset = 0

async function filled(state: TaskState): Promise<string> {
  await state.claim({ token: ++token, topicId: 'id', logEnd: 0 })
  const start = performance.now()
  for (let from = 0; from < KEYS; from += FLUSH) await flush(state, from, 1, FLUSH)
  return perKey(start, KEYS, `in flushes of ${FLUSH}`)
}

async function rewritten(state: TaskState): Promise<string> {
  const start = performance.now()
  for (let i = 0; i < BATCHES; i++) await flush(state, i * BATCH, 7_919, BATCH)
  return perKey(start, BATCHES * BATCH, `in flushes of ${BATCH}`)
}

async function flush(state: TaskState, first: number, step: number, count: number, made = changes): Promise<void> {
  const to = offset + count + 1
  await state.apply(made(first, step, count), {
    token,
    from: offset,
    to,
    marker: VALUE,
    writer: undefined,
    appendedAt: 0,
  })
  offset = to
}

async function coldClaim(state: TaskState): Promise<{ claimed: number; running: number }> {
  const start = performance.now()
  await state.claim({ token: ++token, topicId: 'id', logEnd: Number.MAX_SAFE_INTEGER })
  const claimed = performance.now() - start
  await state.load({ token, offset }, 's', batch(BATCHES))
  return { claimed, running: performance.now() - start }
}

async function loaded(state: TaskState): Promise<string> {
  const batches = Array.from({ length: BATCHES }, (_, i) => batch(i))
  const start = performance.now()
  for (const keys of batches) await state.load({ token, offset }, 's', keys)
  return perKey(start, BATCHES * BATCH, `in batches of ${BATCH}`)
}

async function scanned(state: TaskState, store: string, starts?: StartRange): Promise<string> {
  let entries = 0
  const start = performance.now()
  await state.walk(store, starts).next(Number.POSITIVE_INFINITY, () => entries++)
  return perKey(start, entries, `of ${entries}, ${(performance.now() - start).toFixed(0)} ms`)
}

/** A restart reads none of its windows, later those of a day when they are due; all of them is what it would read without knowing which are open. */
async function windowsOf(url: string): Promise<Record<string, string>> {
  const task = { subtopology: 0, partition: 1 }
  const windows = windowStore('w', { key: t.bytes, value: t.bytes })
  const backend = await openRedisBackend({ url, app: `bench-${randomUUID()}` })
  const state = backend.open(task, 'changelog', [windows])
  offset = 0
  await state.claim({ token: ++token, topicId: 'id', logEnd: 0 })
  for (let from = 0; from < KEYS; from += FLUSH) await flush(state, from, 1, FLUSH, windowChanges)
  const reopened = backend.open(task, 'changelog', [windows])
  const start = performance.now()
  await reopened.claim({ token: ++token, topicId: 'id', logEnd: Number.MAX_SAFE_INTEGER })
  const claimed = performance.now() - start
  const rows = {
    [`cold claim of ${KEYS} windows in ${WINDOW_DAYS} days`]: `${claimed.toFixed(1)} ms`,
    'windows of one day, when they are due': await scanned(reopened, 'w', { from: 0, to: SEGMENT_MS }),
    'all windows': await scanned(reopened, 'w'),
  }
  await backend.close()
  return rows
}

function perKey(start: number, keys: number, how: string): string {
  return `${(((performance.now() - start) * 1_000) / keys).toFixed(2)} µs a key ${how}`
}

function batch(number: number): Buffer[] {
  return Array.from({ length: BATCH }, (_, i) => {
    const key = Buffer.alloc(12)
    writeId(((number * BATCH + i) * 7_919) % KEYS, key)
    return key
  })
}

function changes(first: number, step: number, count: number): Changes {
  const key = Buffer.alloc(12)
  return {
    count,
    forEach: (visit) => {
      for (let i = 0; i < count; i++) {
        writeId(((first + i) * step) % KEYS, key)
        visit('s', key, 0, key.length, VALUE, 0, VALUE_BYTES)
      }
    },
  }
}

/** A window of each key and hour. */
function windowChanges(first: number, _step: number, count: number): Changes {
  const key = new ByteWriter(16)
  return {
    count,
    forEach: (visit) => {
      for (let i = first; i < first + count; i++) {
        key.reset()
        key.varint(Math.floor(i / WINDOW_HOURS))
        writeStart(hours(i % WINDOW_HOURS), key)
        visit('w', key.buffer, 0, key.position, VALUE, 0, VALUE_BYTES)
      }
    },
  }
}

function writeId(id: number, key: Buffer): void {
  key.latin1Write(String(id).padStart(12, '0'), 0)
}

async function usedBytes(redis: Redis): Promise<number> {
  return Number(/^used_memory:(\d+)/m.exec(await redis.info('memory'))?.[1])
}
