// The state of one task in Redis: each call is one script a batch or chunk, checked by token, offset and chunk (exactly-once.md §2–3).
import type { StreamsError } from '../../core/errors.ts'
import { StateCorrupted } from '../../core/errors.ts'
import type { Cell } from '../../metrics/measurements.ts'
import type { Changes, Checkpoint, CheckpointMove, StartRange, StateWalk, TaskState } from '../backend.ts'
import { FlushContents, flushChunks } from './flush-chunks.ts'
import { inTurns } from './in-turns.ts'
import { readChunks } from './read-chunks.ts'
import type { RedisConnection } from './redis-connection.ts'
import { asStreamsError } from './redis-errors.ts'
import type { ScriptBounds } from './script-bounds.ts'
import { StoreCounts } from './store-counts.ts'
import type { StoreLayout } from './store-layout.ts'
import { StoreWalk } from './store-walk.ts'
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

export class RedisTaskState implements TaskState {
  readonly isResident = false
  private readonly parts: RedisTaskParts
  private readonly cache: TaskCache
  private readonly counts = new StoreCounts()
  private readonly contents = new FlushContents()
  private claims = 0
  /** How many flushes wrote to a store. */
  private readonly flushes = new Map<string, number>()

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

  walk(store: string, starts?: StartRange): StateWalk {
    const { connection, key } = this.parts
    const { name } = this
    const walk = new StoreWalk({ connection, key, store, starts, name, writes: () => this.writesTo(store) })
    return { next: (most, visit) => this.answered(() => walk.next(most, visit)) }
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
    this.claims++
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
    for (const store of contents.stores()) this.flushes.set(store, (this.flushes.get(store) ?? 0) + 1)
    cache.beginFlush()
    contents.forEach((store, key, keyStart, keyEnd, value, valueStart, valueEnd) => {
      cache.write(store, key, keyStart, keyEnd, value, valueStart, valueEnd)
    })
    cache.trim()
    return flushChunks(contents, this.parts.layout, this.parts.bounds)
  }

  /** Moves with every flush that writes to the store, and with every claim. */
  private writesTo(store: string): number {
    return this.claims + (this.flushes.get(store) ?? 0)
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
