// A task's state on a Redis of the tests, and the calls that its owner makes.
import { randomUUID } from 'node:crypto'
import { Redis } from 'ioredis'
import { onTestFinished } from 'vitest'
import type { Checkpoint, CheckpointMove, StateBackend, TaskState } from '../../../state/backend.ts'
import type { StoreDefinition } from '../../../state/definitions.ts'
import { openRedisBackend, type RedisBackendOptions } from '../../../state/redis/redis-backend.ts'
import { changesOf, type ListedChange } from '../changes-of.ts'

export const TASK = { subtopology: 0, partition: 3 }
const TOPIC_ID = 'topic-1'

export interface Place {
  readonly state: TaskState
  readonly backend: StateBackend
  /** `{app:0_3}` */
  readonly key: string
  /** A connection of the test's own, for what goes on behind the owner's back. */
  readonly redis: Redis
}

/** Closed when the test ends. */
export async function openPlace(
  url: string,
  options: Partial<RedisBackendOptions> & { readonly stores?: readonly StoreDefinition[] } = {},
): Promise<Place> {
  const { stores, app = randomUUID(), ...others } = options
  const backend = await openRedisBackend({ url, app, ...others })
  const redis = new Redis(url)
  redis.on('error', () => {})
  onTestFinished(async () => {
    redis.disconnect()
    await backend.close()
  })
  return { state: backend.open(TASK, 'changelog', stores), backend, key: `{${app}:0_3}`, redis }
}

export function claim(state: TaskState, token: number, logEnd = 1_000_000): Promise<Checkpoint> {
  return state.claim({ token, topicId: TOPIC_ID, logEnd })
}

export function move(token: number, from: number, to: number): CheckpointMove {
  return { token, from, to, marker: Buffer.from(`marker ${to}`), writer: undefined, appendedAt: to }
}

export function apply(state: TaskState, changes: readonly ListedChange[], at: CheckpointMove): Promise<void> {
  return state.apply(changesOf(changes), at)
}

export function put(key: Uint8Array | string, value: string, store = 's'): ListedChange {
  return { store, key, value }
}

export async function read(
  state: TaskState,
  at: { readonly token: number; readonly offset: number },
  keys: readonly (Uint8Array | string)[],
  store = 's',
): Promise<(string | undefined)[]> {
  const wanted = keys.map((key) => Buffer.from(key))
  await state.load(at, store, wanted)
  return wanted.map((key) => state.get(store, key, 0, key.length)?.toString())
}

export async function contents(state: TaskState, store = 's'): Promise<Record<string, string>> {
  const found: Record<string, string> = {}
  await state.walk(store).next(Number.POSITIVE_INFINITY, (key, value) => {
    found[key.toString()] = value.toString()
  })
  return found
}
