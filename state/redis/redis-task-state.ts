// The state of one task in Redis: each call is one script a batch or chunk, checked by token, offset and chunk (exactly-once.md §2–3).
import type { StreamsError } from '../../core/errors.ts'
import { StateCorrupted } from '../../core/errors.ts'
import type { Cell } from '../../metrics/measurements.ts'
import type { Changes, Checkpoint, CheckpointMove, StartRange, TaskState } from '../backend.ts'
import { ByteTable } from '../memory/byte-table.ts'
import { beginsWithin } from '../window-store.ts'
import { FlushContents, flushChunks } from './flush-chunks.ts'
import { inTurns } from './in-turns.ts'
import { readChunks } from './read-chunks.ts'
import type { RedisConnection } from './redis-connection.ts'
import { asStreamsError } from './redis-errors.ts'
import type { ScriptBounds } from './script-bounds.ts'
import { StoreCounts } from './store-counts.ts'
import { mayHold, type StoreLayout, storeOf } from './store-layout.ts'
import { checkpointFields, movedFields, readCheckpoint, readCounts } from './stored-checkpoint.ts'
import { TaskCache } from './task-cache.ts'

export interface RedisTaskParts {
  readonly connection: RedisConnection
  /** The checkpoint's key, and the prefix of all others of this task: `{app:0_3}`. */
  readonly key: string
  readonly layout: StoreLayout
  readonly bounds: ScriptBounds
  /** What this task's cache may hold beyond the batch at hand. */
  readonly cacheBytesMax: () => number
  readonly reads: CacheReads
  /** The task is given back: what its cache held is free for others. */
  readonly closed: () => void
}

/** Keys that a batch asked for: those that the cache knew, and those that Redis was asked for. */
export interface CacheReads {
  readonly hits: Cell
  readonly misses: Cell
}

const SCAN_COUNT = 2_000

export class RedisTaskState implements TaskState {
  readonly isResident = false
  private readonly parts: RedisTaskParts
  private readonly cache: TaskCache
  private readonly counts = new StoreCounts()
  private readonly contents = new FlushContents()

  constructor(parts: RedisTaskParts) {
    this.parts = parts
    this.cache = new TaskCache(parts.cacheBytesMax)
  }

  checkpoint(): Promise<Checkpoint | undefined> {
    return this.answered(async ({ connection, key }) => {
      const fields = await connection.fields(key, checkpointFields)
      return fields.size === 0 ? undefined : readCheckpoint(fields)
    })
  }

  async claim(claim: {
    readonly token: number
    readonly topicId: string
    readonly logEnd: number
  }): Promise<Checkpoint> {
    const { checkpoint, fits } = await this.take(claim.token, claim.topicId, claim.logEnd)
    return fits ? checkpoint : this.wipe(claim.token, claim.topicId)
  }

  async wipe(token: number, topicId: string): Promise<Checkpoint> {
    const { checkpoint } = await this.take(token, topicId, '')
    return checkpoint
  }

  async load(
    at: { readonly token: number; readonly offset: number },
    store: string,
    keys: readonly Buffer[],
  ): Promise<void> {
    const { cache } = this
    const { generation } = cache
    const chunks = readChunks(this.unknownKeys(store, keys), this.readBounds(store))
    const answers = await this.answered(({ connection, key }) =>
      inTurns(chunks, (chunk) => connection.load(key, at.token, at.offset, ...chunk.scriptArguments())),
    )
    if (cache.generation !== generation)
      throw new StateCorrupted('state_moved', `${this.name} was flushed or claimed while it was read`)
    for (const [i, answer] of answers.entries())
      chunks[i]?.readAnswer(answer, (key, value, valueStart, valueEnd) =>
        cache.add(store, key, value, valueStart, valueEnd),
      )
    cache.trim()
  }

  get(store: string, key: Buffer, keyStart: number, keyEnd: number): Buffer | undefined {
    return this.cache.get(store, key, keyStart, keyEnd)
  }

  async apply(changes: Changes, move: CheckpointMove): Promise<void> {
    const chunks = this.prepareFlush(changes)
    const { token, from } = move
    const moved = movedFields(move)
    try {
      // A chunk that fails makes those behind it fail, because each asks for its number.
      const answers = await this.answered(({ connection, key }) =>
        inTurns(chunks, (chunk, i) => {
          const end = i === chunks.length - 1 ? moved : []
          return connection.apply(key, token, from, i, ...chunk.scriptArguments(), ...end)
        }),
      )
      for (const [i, added] of answers.entries()) this.counts.add(chunks[i]?.hashNames() ?? [], added)
    } catch (error) {
      // Whether it took effect is unknown: what we hold may be ahead of Redis.
      this.cache.forget()
      throw error
    }
  }

  /** @throws StateCorrupted when a hash has more or fewer entries than were counted and nobody was flushing. */
  scan(store: string, visit: (key: Buffer, value: Buffer) => void, starts?: StartRange): Promise<void> {
    const { cache } = this
    const { generation } = cache
    const visitWanted = (key: Buffer, value: Buffer) => {
      if (starts === undefined || beginsWithin(starts, key, key.length)) visit(key, value)
    }
    return this.answered(async ({ connection, key }) => {
      const fields = await connection.allFields(key)
      const isFlushing = String(fields.get('chunk')) !== '0'
      for (const { hashName, entries } of readCounts(fields)) {
        if (storeOf(hashName) !== store || (starts !== undefined && !mayHold(hashName, starts))) continue
        const visited = await this.scanHash(`${key}:${fields.get('generation')}:${hashName}`, visitWanted)
        if (visited !== entries && !isFlushing && cache.generation === generation)
          throw new StateCorrupted('state_mismatch', `${this.name} has ${visited} of ${entries} entries in ${hashName}`)
      }
    })
  }

  entries(store: string): number {
    return this.counts.entries(store)
  }

  bytes(store: string): number {
    return this.counts.bytes(store)
  }

  async close(): Promise<void> {
    this.cache.forget()
    this.parts.closed()
  }

  private async take(
    token: number,
    topicId: string,
    logEnd: number | '',
  ): Promise<{ checkpoint: Checkpoint; fits: boolean }> {
    this.cache.forget()
    const fields = await this.answered(({ connection, key }) => connection.claim(key, token, topicId, logEnd))
    const counted = readCounts(fields)
    this.counts.reset(counted)
    return {
      checkpoint: readCheckpoint(fields),
      fits: this.parts.layout.learn(counted.map(({ hashName }) => hashName)),
    }
  }

  /** Those the cache does not know, by hash. */
  private unknownKeys(store: string, keys: readonly Buffer[]): Map<string, Buffer[]> {
    const unknown = new Map<string, Buffer[]>()
    let misses = 0
    for (const key of keys) {
      if (this.cache.recall(store, key)) continue
      misses++
      const hashName = this.parts.layout.hashName(store, key, 0, key.length)
      const others = unknown.get(hashName)
      if (others === undefined) unknown.set(hashName, [key])
      else others.push(key)
    }
    this.parts.reads.misses.value += misses
    this.parts.reads.hits.value += keys.length - misses
    return unknown
  }

  /** So many fields that, at the store's mean size, the answer stays in bounds as well. */
  private readBounds(store: string): ScriptBounds {
    const { fieldsMax, bytesMax } = this.parts.bounds
    const entryBytes = Math.max(1, this.bytes(store) / Math.max(1, this.entries(store)))
    return { fieldsMax: Math.max(1, Math.min(fieldsMax, Math.floor(bytesMax / entryBytes))), bytesMax }
  }

  /** Synchronous: what it returns owns its bytes, and the cache has the owner's own writes. */
  private prepareFlush(changes: Changes) {
    const { cache, contents } = this
    contents.collect(changes)
    cache.beginFlush()
    contents.forEach((store, key, keyStart, keyEnd, value, valueStart, valueEnd) => {
      cache.write(store, key, keyStart, keyEnd, value, valueStart, valueEnd)
    })
    cache.trim()
    return flushChunks(contents, this.parts.layout, this.parts.bounds)
  }

  /** Visits each entry once, although Redis may name one twice while its hash grows or shrinks. Returns how many. */
  private async scanHash(hash: string, visit: (key: Buffer, value: Buffer) => void): Promise<number> {
    const { connection } = this.parts
    const visited = new ByteTable()
    let cursor = '0'
    do {
      const [next, entries] = await connection.scan(hash, cursor, SCAN_COUNT)
      for (let i = 0; i + 1 < entries.length; i += 2) {
        const [key, value] = [entries[i], entries[i + 1]]
        if (key === undefined || value === undefined || visited.find(key, 0, key.length)) continue
        visited.put(key, 0, key.length, key, 0, 0)
        visit(key, value)
      }
      cursor = next
    } while (cursor !== '0')
    return visited.count
  }

  private async answered<T>(ask: (parts: RedisTaskParts) => Promise<T>): Promise<T> {
    try {
      return await ask(this.parts)
    } catch (error) {
      throw this.explained(error)
    }
  }

  private explained(error: unknown): StreamsError {
    return asStreamsError(error, this.name)
  }

  private get name(): string {
    return `the state of ${this.parts.key} in Redis`
  }
}
