// State in Redis: it survives the process, and any instance can take a task over without a rebuild. The log stays the truth; Redis is a checked view of it.
import { assert } from '../../core/assert.ts'
import { type TaskId, taskName } from '../../core/topic-partition.ts'
import type { StateBackend, StateView, TaskState } from '../backend.ts'
import type { StoreDefinition } from '../definitions.ts'
import { RedisConnection, type RedisConnectionOptions } from './redis-connection.ts'
import { type CacheReads, RedisTaskState } from './redis-task-state.ts'
import { RedisTaskView } from './redis-task-view.ts'
import { type ScriptBounds, scriptBounds } from './script-bounds.ts'
import { StoreLayout } from './store-layout.ts'

export interface RedisBackendOptions extends RedisConnectionOptions {
  /** The application: first part of every key. */
  readonly app: string
  /** What all tasks together keep in this process of what they read and wrote. Default 128 MiB. */
  readonly cacheBytesMax?: number
  readonly bounds?: ScriptBounds
}

/** @throws StreamsError `redis_can_evict`, `redis_not_master`, `redis_refused` saying what to change; Retriable when Redis cannot be reached. */
export async function openRedisBackend(options: RedisBackendOptions): Promise<StateBackend> {
  assert(/^[^{}]+$/.test(options.app), `an application on Redis has a name without braces, unlike ${options.app}`)
  return new RedisBackend(await RedisConnection.open(options), options)
}

class RedisBackend implements StateBackend {
  readonly kind = 'redis'
  readonly isShared = true
  private readonly connection: RedisConnection
  private readonly options: RedisBackendOptions
  /** Those that are open: they share the cache. */
  private readonly tasks = new Set<string>()
  private readonly reads: CacheReads

  constructor(connection: RedisConnection, options: RedisBackendOptions) {
    const { measurements } = options
    const cell = (result: string) => measurements?.cell('streams_store_cache_reads_total', { result }) ?? { value: 0 }
    this.connection = connection
    this.options = options
    this.reads = { hits: cell('hit'), misses: cell('miss') }
  }

  open(task: TaskId, _changelogTopic: string, stores: readonly StoreDefinition[] = []): TaskState {
    const { bounds = scriptBounds, cacheBytesMax = 128 * 1_048_576 } = this.options
    this.tasks.add(taskName(task))
    return new RedisTaskState({
      connection: this.connection,
      key: this.keyOf(task),
      layout: new StoreLayout(stores),
      bounds,
      cacheBytesMax: () => cacheBytesMax / this.tasks.size,
      reads: this.reads,
      closed: () => this.tasks.delete(taskName(task)),
    })
  }

  view(task: TaskId, _changelogTopic: string, stores: readonly StoreDefinition[]): StateView {
    return new RedisTaskView(this.connection, this.keyOf(task), new StoreLayout(stores))
  }

  ping(): Promise<void> {
    return this.connection.ping()
  }

  async close(): Promise<void> {
    this.connection.close()
  }

  private keyOf(task: TaskId): string {
    return `{${this.options.app}:${taskName(task)}}`
  }
}
