// The connection to Redis: bounded, without hidden repetition, and only to a server that cannot lose single keys.
import { Redis } from 'ioredis'
import { type Clock, systemClock } from '../../core/clock.ts'
import { StreamsError } from '../../core/errors.ts'
import { type Logger, silentLogger } from '../../core/logger.ts'
import type { Reachability } from '../../core/reachability.ts'
import type { Cell, Measurements } from '../../metrics/measurements.ts'
import { asStreamsError } from './redis-errors.ts'
import { applyScript, claimScript, loadScript, viewScript } from './scripts.ts'

export interface RedisConnectionOptions {
  /** `redis://`, `rediss://` for TLS, or the path of a Unix socket. */
  readonly url: string
  /** Longest wait for one answer. Default 5,000. */
  readonly commandTimeoutMs?: number
  /** Is told of outages. Default: nobody. */
  readonly logger?: Logger
  /** Told when the connection is lost. */
  readonly reachability?: Reachability
  /** Default: nothing is measured. */
  readonly measurements?: Measurements
  readonly clock?: Clock
}

export type ScriptArgument = string | number | Buffer

type Script = (checkpoint: string, ...args: ScriptArgument[]) => Promise<unknown>

/** What defineCommand adds at run time: for each script a variant that answers buffers. */
interface Scripts {
  readonly claimTaskBuffer: Script
  readonly loadKeysBuffer: Script
  readonly applyChunkBuffer: Script
  readonly viewKeysBuffer: Script
}

const RECONNECT_MS_MAX = 1_000

export class RedisConnection {
  private readonly redis: Redis
  private readonly scripts: Scripts
  /** Why there is no connection, as long as there is none. */
  private lost: Error | undefined

  private lostAt = 0
  private wasReady = false
  private isClosed = false
  /** That whoever was reached keeps every key; asked anew of each connection. */
  private checked: Promise<void> | undefined
  private readonly clock: Clock
  private readonly logger: Logger
  private readonly reachability: Reachability | undefined
  private readonly available: Cell | undefined

  private constructor(options: RedisConnectionOptions) {
    const { url, commandTimeoutMs = 5_000, logger = silentLogger, clock = systemClock, measurements } = options
    this.clock = clock
    this.logger = logger
    this.reachability = options.reachability
    this.available = measurements?.cell('streams_store_available')
    // A command that was not answered fails, and so does one without a connection: who runs the task backs off and knows where it stood.
    this.redis = new Redis(url, {
      lazyConnect: true,
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      maxRetriesPerRequest: 0,
      connectTimeout: commandTimeoutMs,
      commandTimeout: commandTimeoutMs,
      keepAlive: 10_000,
      // A master that became a replica: its name may lead to the new one by now.
      reconnectOnError: ({ message }) => message.startsWith('READONLY'),
      retryStrategy: (attempt) => Math.min(50 * 2 ** attempt, RECONNECT_MS_MAX),
      scripts: {
        claimTask: { lua: claimScript, numberOfKeys: 1 },
        loadKeys: { lua: loadScript, numberOfKeys: 1 },
        applyChunk: { lua: applyScript, numberOfKeys: 1 },
        viewKeys: { lua: viewScript, numberOfKeys: 1 },
      },
    })
    // ioredis adds the scripts as methods that its types cannot know.
    this.scripts = this.redis as unknown as Scripts
    this.redis.on('error', (error) => this.away(error))
    this.redis.on('close', () => this.away(this.lost ?? new Error('the connection was closed')))
    this.redis.on('ready', () => this.back())
  }

  /** @throws StreamsError `redis_can_evict` and others that say what to change; Retriable when it cannot be reached. */
  static async open(options: RedisConnectionOptions): Promise<RedisConnection> {
    const connection = new RedisConnection(options)
    try {
      await connection.reached(() => connection.redis.connect())
      await connection.requireMaster()
      await connection.requireNoEviction()
      return connection
    } catch (error) {
      connection.close()
      throw asStreamsError(error, 'the state')
    }
  }

  async claim(checkpoint: string, ...args: ScriptArgument[]): Promise<ReadonlyMap<string, Buffer>> {
    this.checked = undefined
    return fieldsOf(buffers(await this.ask(() => this.scripts.claimTaskBuffer(checkpoint, ...args))))
  }

  /** Lengths and values. */
  async load(checkpoint: string, ...args: ScriptArgument[]): Promise<readonly [lengths: Buffer, values: Buffer]> {
    const [lengths, values] = buffers(await this.ask(() => this.scripts.loadKeysBuffer(checkpoint, ...args)))
    if (lengths === undefined || values === undefined) throw unexpected('load')
    return [lengths, values]
  }

  /** Lengths, values and the checkpoint's fields; undefined when there is no checkpoint. */
  async view(checkpoint: string, ...args: ScriptArgument[]) {
    const [lengths, values, ...fields] = buffers(await this.ask(() => this.scripts.viewKeysBuffer(checkpoint, ...args)))
    if (lengths === undefined || values === undefined) return undefined
    return { lengths, values, fields: fieldsOf(fields) }
  }

  /** For each hash, how many entries and bytes were added. */
  async apply(checkpoint: string, ...args: ScriptArgument[]): Promise<readonly number[]> {
    const answer = await this.ask(() => this.scripts.applyChunkBuffer(checkpoint, ...args))
    if (!Array.isArray(answer)) throw unexpected('apply')
    return answer.map(Number)
  }

  async fields(hash: string, names: readonly string[]): Promise<ReadonlyMap<string, Buffer>> {
    const values = await this.ask(() => this.redis.hmgetBuffer(hash, ...names))
    return new Map(names.flatMap((name, i) => (values[i] ? [[name, values[i]]] : [])))
  }

  async allFields(hash: string): Promise<ReadonlyMap<string, Buffer>> {
    return new Map(Object.entries(await this.ask(() => this.redis.hgetallBuffer(hash))))
  }

  /** Entries as key, value, key, value … from a cursor on; cursor '0' begins, and ends. A key may come twice. */
  async scan(
    hash: string,
    cursor: string,
    count: number,
  ): Promise<readonly [cursor: string, entries: readonly Buffer[]]> {
    const [next, entries] = await this.ask(() => this.redis.hscanBuffer(hash, cursor, 'COUNT', count))
    return [next.toString(), entries]
  }

  async ping(): Promise<void> {
    await this.ask(() => this.redis.ping())
  }

  close(): void {
    this.isClosed = true
    this.redis.disconnect()
  }

  private away(reason: Error): void {
    if (this.lost === undefined && this.wasReady && !this.isClosed)
      this.logger.warn('Redis is away: what needs state waits', { reason: reason.message })
    if (this.lost === undefined) this.lostAt = this.clock.now()
    this.lost = reason
    this.checked = undefined
    this.reachability?.lost(reason)
    if (this.available !== undefined) this.available.value = 0
  }

  private back(): void {
    if (this.lost !== undefined && this.wasReady)
      this.logger.info('Redis is back', { awayMs: this.clock.now() - this.lostAt })
    this.lost = undefined
    this.wasReady = true
    if (this.available !== undefined) this.available.value = 1
  }

  /** A single evicted key would not be noticed by the next read. */
  private async requireNoEviction(): Promise<void> {
    const policy = await this.info('maxmemory_policy').catch((error: unknown) => {
      this.checked = undefined
      throw error
    })
    if (policy === 'noeviction') return
    this.checked = undefined
    throw new StreamsError(
      'redis_can_evict',
      `Redis drops keys when memory is short (maxmemory-policy ${policy}), and state with them: ` +
        'set `maxmemory-policy noeviction` in its configuration, or `CONFIG SET maxmemory-policy noeviction`',
    )
  }

  private async requireMaster(): Promise<void> {
    const role = await this.info('role')
    if (role === 'master') return
    throw new StreamsError('redis_not_master', `Redis at this address is a ${role}: give the address of its master`)
  }

  private async info(name: string): Promise<string> {
    const info = await this.reached(() => this.redis.info())
    return new RegExp(`^${name}:(\\S+)`, 'm').exec(info)?.[1] ?? 'unknown'
  }

  private async ask<T>(command: () => Promise<T>): Promise<T> {
    // It may have been started with other settings than before, or be another one.
    this.checked ??= this.requireNoEviction()
    await this.checked
    return this.reached(command)
  }

  private async reached<T>(command: () => Promise<T>): Promise<T> {
    try {
      return await command()
    } catch (error) {
      // A server that is silent may stay so on this connection: the next command gets a new one.
      if (error instanceof Error && error.message === 'Command timed out') this.redis.disconnect(true)
      throw this.lost ?? error
    }
  }
}

function buffers(answer: unknown): readonly Buffer[] {
  if (Array.isArray(answer) && answer.every((item) => Buffer.isBuffer(item))) return answer
  throw unexpected('a script')
}

function fieldsOf(flat: readonly Buffer[]): ReadonlyMap<string, Buffer> {
  const fields = new Map<string, Buffer>()
  for (let i = 0; i + 1 < flat.length; i += 2) {
    const value = flat[i + 1]
    if (value !== undefined) fields.set(String(flat[i]), value)
  }
  return fields
}

function unexpected(what: string): StreamsError {
  return new StreamsError(
    'redis_failed',
    `Redis answers ${what} with something else than its script does: is there a proxy between?`,
  )
}
