// Reading a running task's stores from outside, e.g. over HTTP: what its last commit wrote, with the position that this reflects.
// Nothing of the commit in progress is seen, and no answer is larger than its bound; who may ask is the server's business.
import { binarySerde } from '../serdes/binary-serde.ts'
import { keySerde } from '../serdes/key-serde.ts'
import type { TaskState } from './backend.ts'
import type {
  KeyValueStoreDefinition,
  SessionStoreDefinition,
  StoreDefinition,
  WindowStoreDefinition,
} from './definitions.ts'
import type { Session } from './session-store.ts'
import { TaskStores } from './task-stores.ts'
import { readStart, START_BYTES } from './window-store.ts'

/** What an answer reflects. */
export interface StatePoint {
  /** `<sub>_<partition>` */
  readonly task: string
  /** The changelog below this offset. */
  readonly offset: number
  /** Event time, ms UTC; −Infinity before the first record. */
  readonly watermark: number
}

export interface StateAnswer<T> {
  readonly at: StatePoint
  readonly value: T
}

export interface Entries<K, V> {
  readonly entries: readonly { readonly key: K; readonly value: V }[]
  /** There are more than were asked for. */
  readonly isCut: boolean
}

/** The most that one answer holds, whatever is asked for. */
export const ENTRIES_MAX = 10_000

/** Reads one task. Every call may throw StateCorrupted while the task is being flushed or has moved away: ask again. */
export class StateQuery {
  private readonly state: TaskState
  private readonly point: () => StatePoint & { readonly token: number }

  constructor(state: TaskState, point: () => StatePoint & { readonly token: number }) {
    this.state = state
    this.point = point
  }

  async get<K, V>(definition: KeyValueStoreDefinition<K, V>, key: K): Promise<StateAnswer<V | undefined>> {
    const at = this.point()
    const store = this.storesAt(at, definition).keyValue(definition)
    await store.load([key])
    return answer(at, store.get(key))
  }

  /** The windows of a key that begin at these instants, undefined where there is none; at most ENTRIES_MAX. */
  async windows<K, V>(
    definition: WindowStoreDefinition<K, V>,
    key: K,
    starts: readonly number[],
  ): Promise<StateAnswer<readonly (V | undefined)[]>> {
    const at = this.point()
    const asked = starts.slice(0, ENTRIES_MAX)
    const store = this.storesAt(at, definition).window(definition)
    await store.load(Array<K>(asked.length).fill(key), asked)
    return answer(
      at,
      asked.map((start) => store.get(key, start)),
    )
  }

  async sessions<K, V>(definition: SessionStoreDefinition<K, V>, key: K): Promise<StateAnswer<readonly Session<V>[]>> {
    const at = this.point()
    const store = this.storesAt(at, definition).session(definition)
    await store.load([key])
    return answer(at, store.get(key))
  }

  /** Any `limit` entries, in no order; those of a remote backend may be newer than the position. */
  async scan<K, V>(definition: KeyValueStoreDefinition<K, V>, limit: number): Promise<StateAnswer<Entries<K, V>>> {
    const keys = keySerde(definition.key)
    const values = binarySerde(definition.value)
    return this.scanned(definition, limit, (key, value) => ({
      key: keys.read(key, 0, key.length),
      value: values.read(value, 0, value.length),
    }))
  }

  /** Any `limit` windows, in no order. */
  async scanWindows<K, V>(
    definition: WindowStoreDefinition<K, V>,
    limit: number,
  ): Promise<StateAnswer<Entries<{ readonly key: K; readonly start: number }, V>>> {
    const keys = keySerde(definition.key)
    const values = binarySerde(definition.value)
    return this.scanned(definition, limit, (key, value) => {
      const keyEnd = key.length - START_BYTES
      return {
        key: { key: keys.read(key, 0, keyEnd), start: readStart(key, keyEnd) },
        value: values.read(value, 0, value.length),
      }
    })
  }

  private async scanned<Entry>(
    { name }: StoreDefinition,
    limit: number,
    read: (key: Buffer, value: Buffer) => Entry,
  ): Promise<StateAnswer<{ readonly entries: readonly Entry[]; readonly isCut: boolean }>> {
    const at = this.point()
    const most = Math.min(limit, ENTRIES_MAX)
    const entries: Entry[] = []
    let isCut = false
    const visit = (key: Buffer, value: Buffer) => {
      if (entries.length < most) entries.push(read(key, value))
      else isCut = true
    }
    await this.state.scan(name, visit, most + 1)
    return answer(at, { entries, isCut })
  }

  /** Stores with an empty write buffer: what they read is what is committed. */
  private storesAt({ token, offset }: { token: number; offset: number }, definition: StoreDefinition): TaskStores {
    return new TaskStores([definition], this.state, () => ({ token, offset }))
  }
}

function answer<T>({ task, offset, watermark }: StatePoint, value: T): StateAnswer<T> {
  return { at: { task, offset, watermark }, value }
}
