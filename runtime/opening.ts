// One task on its way: its take-over and restore run beside the worker's loop, which asks now and then what has become of it.
import { StreamsError } from '../core/errors.ts'
import type { TaskId } from '../core/topic-partition.ts'
import type { LogReader } from '../kafka/cluster.ts'
import { type OpeningParts, openTask } from './open-task.ts'
import type { Task } from './task.ts'
import type { WorkerOptions } from './worker-options.ts'

export type Outcome =
  | { readonly kind: 'opened'; readonly task: Task }
  | { readonly kind: 'failed'; readonly error: unknown }

export type OpeningOptions = Omit<OpeningParts, 'reader' | 'signal'> & {
  /** An opening of the same task that was given up: two do not change one copy of the state at the same time. */
  readonly after: Promise<void> | undefined
  readonly onEnd: () => void
}

export class Opening {
  /** ms UTC. */
  readonly begunAt: number
  /** Undefined while it goes on. */
  outcome: Outcome | undefined
  private readonly stopping = new AbortController()
  private readonly reader: LogReader
  private readonly ended: Promise<void>

  constructor(id: TaskId, worker: WorkerOptions, options: OpeningOptions) {
    this.begunAt = worker.clock.now()
    // Its own: a restore must not wait behind the worker's fetch, nor the fetch behind a restore.
    this.reader = worker.cluster.openReader()
    this.ended = this.run(id, worker, options)
  }

  /** Gives up; resolves when nothing of it goes on, and never rejects. */
  async abandon(): Promise<void> {
    this.stopping.abort(new StreamsError('opening_abandoned', 'the task is not wanted any more'))
    await this.reader.close()
    await this.ended
    if (this.outcome?.kind === 'opened') await this.outcome.task.state.close().catch(() => {})
  }

  /** Never rejects. */
  private async run(id: TaskId, worker: WorkerOptions, { after, onEnd, ...parts }: OpeningOptions): Promise<void> {
    const { reader, stopping } = this
    try {
      await after
      const task = await openTask(id, worker, { ...parts, reader, signal: stopping.signal })
      this.outcome = { kind: 'opened', task }
    } catch (error) {
      this.outcome = { kind: 'failed', error }
    }
    await reader.close()
    onEnd()
  }
}
