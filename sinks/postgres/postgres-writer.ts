// Writes one source partition: sends each batch as one transaction until it is certain whether it committed.
import { assert } from '../../core/assert.ts'
import { Retriable, StreamsError } from '../../core/errors.ts'
import type { Random } from '../../core/random.ts'
import type { SinkBatch, SinkOutcome, SinkWriter } from '../sink.ts'
import { type WriterContext, writeTransaction } from './commit-transaction.ts'
import type { PostgresConnection } from './connection.ts'
import { readPosition } from './positions.ts'
import { PostgresBatch } from './postgres-batch.ts'
import { reactionTo, sqlStateClass } from './postgres-errors.ts'

export interface SinkRetry {
  readonly topic: string
  readonly partition: number
  /** How often this batch has failed so far. */
  readonly attempt: number
  readonly waitMs: number
  readonly error: unknown
}

export interface WriterOptions {
  readonly connect: () => Promise<PostgresConnection>
  readonly random: Random
  /** After this long an attempt is cut off and made again. */
  readonly attemptTimeoutMs: number
  readonly onRetry: (retry: SinkRetry) => void
}

interface Move {
  readonly from: number
  readonly to: number
}

export class PostgresWriter implements SinkWriter {
  position: number | undefined
  private readonly context: WriterContext
  private readonly options: WriterOptions
  private connection: PostgresConnection | undefined
  private committing = false

  private constructor(context: WriterContext, options: WriterOptions) {
    this.context = context
    this.options = options
  }

  static async open(context: WriterContext, options: WriterOptions): Promise<PostgresWriter> {
    const writer = new PostgresWriter(context, options)
    try {
      writer.position = await readPosition(await writer.connected(), context.schema, context.source)
      return writer
    } catch (error) {
      await writer.close()
      throw reactionTo(error) === 'retry'
        ? new Retriable('sink_unavailable', 'Postgres: no answer', { cause: error })
        : error
    }
  }

  newBatch(): PostgresBatch {
    return new PostgresBatch(this.context.pool)
  }

  /** The caller may fill its next batch meanwhile, but commits one at a time. */
  async commit(batch: SinkBatch, move: Move, signal: AbortSignal): Promise<SinkOutcome> {
    assert(batch instanceof PostgresBatch, 'a batch goes back to the sink it came from')
    assert(!this.committing, 'one commit at a time')
    assert(move.to > move.from, `a commit moves the position, not from ${move.from} to ${move.to}`)
    this.committing = true
    try {
      const outcome = await this.commitUntilCertain(batch, move, signal)
      this.position = move.to
      this.context.cells.batch(batch.rows, batch.rowBytes)
      this.context.cells.succeeded(this.context.clock.now())
      return outcome
    } finally {
      this.committing = false
      batch.release()
    }
  }

  async close(): Promise<void> {
    const { connection } = this
    this.connection = undefined
    await connection?.close().catch(() => connection.destroy())
  }

  /** After a failure the batch may have committed all the same: the position tells, and only then the batch is sent again. */
  private async commitUntilCertain(batch: PostgresBatch, move: Move, signal: AbortSignal): Promise<SinkOutcome> {
    let unconfirmed: SinkOutcome | undefined
    for (let attempt = 1; ; attempt++) {
      const watch = this.watch(signal)
      try {
        const connection = await this.connected()
        if (unconfirmed !== undefined && (await this.storedPosition(connection)) === move.to) return unconfirmed
        unconfirmed = undefined
        const outcome = await writeTransaction(this.context, connection, batch, this.moveFrom(move))
        unconfirmed = outcome
        await this.endTransaction(connection)
        return outcome
      } catch (error) {
        this.disconnect()
        this.failed(error)
        await this.backOff(attempt, error, signal)
      } finally {
        watch.abort()
      }
    }
  }

  private moveFrom({ from, to }: Move) {
    return { stored: this.position === undefined ? undefined : from, to }
  }

  private storedPosition(connection: PostgresConnection): Promise<number | undefined> {
    return readPosition(connection, this.context.schema, this.context.source)
  }

  /** A transaction that had failed answers COMMIT with ROLLBACK, and with no error. */
  private async endTransaction(connection: PostgresConnection): Promise<void> {
    const { clock, cells } = this.context
    const startedAt = clock.now()
    const { command } = await connection.query('COMMIT')
    assert(command === 'COMMIT', `COMMIT was answered with ${command}`)
    cells.phase('commit', clock.now() - startedAt)
  }

  private async connected(): Promise<PostgresConnection> {
    this.connection ??= await this.options.connect()
    return this.connection
  }

  private disconnect(): void {
    this.connection?.destroy()
    this.connection = undefined
  }

  /** Cuts the connection when the attempt takes too long or the caller gives up; ended by aborting what it returns. */
  private watch(signal: AbortSignal): AbortController {
    const ended = new AbortController()
    const cut = () => {
      if (!ended.signal.aborted) this.disconnect()
    }
    void this.context.clock.sleep(this.options.attemptTimeoutMs, AbortSignal.any([signal, ended.signal])).then(cut)
    return ended
  }

  /** Returns for what passes; throws the rest. */
  private failed(error: unknown): void {
    if (error instanceof StreamsError) throw error
    if (reactionTo(error) === 'retry') return
    this.context.cells.failure(sqlStateClass(error))
    const reason = error instanceof Error ? error.message : String(error)
    throw new StreamsError('sink_failed', `Postgres refuses the batch: ${reason}`, {
      cause: error,
      topicPartition: this.context.source,
    })
  }

  private async backOff(attempt: number, error: unknown, signal: AbortSignal): Promise<void> {
    const { source, cells, clock } = this.context
    const longestMs = Math.min(backOffMaxMs, backOffFirstMs * 2 ** Math.min(attempt - 1, 16))
    const waitMs = longestMs * (0.5 + this.options.random() / 2)
    if (!signal.aborted) {
      cells.retry(sqlStateClass(error))
      this.options.onRetry({ topic: source.topic, partition: source.partition, attempt, waitMs, error })
      await clock.sleep(waitMs, signal)
    }
    if (signal.aborted) {
      throw new Retriable('sink_stopped', 'gave up writing a batch: asked to stop', {
        cause: error,
        topicPartition: source,
      })
    }
  }
}

const backOffFirstMs = 50
const backOffMaxMs = 5_000
