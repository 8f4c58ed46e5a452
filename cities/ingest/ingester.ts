// Brings a source's rows into the raw topic: each batch and its cursor in one transaction, so that a restart goes on exactly behind the last row.
import type { Clock } from '../../core/clock.ts'
import { seconds } from '../../core/duration.ts'
import { ProducerFenced, Retriable } from '../../core/errors.ts'
import { type Logger, silentLogger } from '../../core/logger.ts'
import type { Topic } from '../../index.ts'
import { type Cluster, defaultTopicConfig, type TransactionalProducer } from '../../kafka/cluster.ts'
import { confluentSerde } from '../../serdes/confluent-serde.ts'
import { keySerde } from '../../serdes/key-serde.ts'
import type { SchemaRegistry } from '../../serdes/schema-registry.ts'
import type { CaseId } from '../case.ts'
import { createCursorTopic, cursorBatch, readCursors } from './cursors.ts'
import { RowEncoder } from './row-encoder.ts'
import type { Cursor, RowBatch, Source } from './source.ts'

export interface IngesterOptions<Raw> {
  readonly cluster: Cluster
  readonly registry: SchemaRegistry
  readonly clock: Clock
  readonly topic: Topic<CaseId, Raw>
  /** Compacted topic of the cursors, e.g. `sf311.ingest-cursors`. */
  readonly cursorTopic: string
  /** The same in every run: a newer run fences an older one that is still alive. */
  readonly transactionalId: string
  /** Records that are in the raw topic and not processed yet; while there are more than `lagMax`, nothing is added. */
  readonly lag?: () => number
  /** Default 100,000. */
  readonly lagMax?: number
  readonly logger?: Logger
}

export interface IngestProgress {
  readonly source: string
  /** By this run. */
  readonly rows: number
  readonly isDone: boolean
}

const TRANSACTION_TIMEOUT_MS = seconds(60)
const LAG_CHECK_MS = 50
const ATTEMPTS_MAX = 8
const BACKOFF_MS = 250
const fencingCodes = new Set(['producer_fenced', 'invalid_producer_epoch'])

export class Ingester<Raw> {
  private readonly options: IngesterOptions<Raw>
  private readonly encoder: RowEncoder<Raw>
  private rows = 0

  private constructor(options: IngesterOptions<Raw>, encoder: RowEncoder<Raw>) {
    this.options = options
    this.encoder = encoder
  }

  /** Creates the topics that are missing and registers the schema. */
  static async open<Raw>(options: IngesterOptions<Raw>): Promise<Ingester<Raw>> {
    const { cluster, registry, clock, topic } = options
    const config = { ...defaultTopicConfig, ...topic.config }
    const [raw] = await cluster.admin.createTopics([{ name: topic.name, partitions: topic.partitions, config }])
    await createCursorTopic(cluster, options.cursorTopic)
    const encoder = new RowEncoder({
      name: topic.name,
      partitions: raw?.partitions ?? topic.partitions,
      key: keySerde(topic.key),
      value: await confluentSerde({ schema: topic.value, subject: `${topic.name}-value`, registry, clock }),
      timestampOf: topic.timestamp ?? (() => clock.now()),
    })
    return new Ingester(options, encoder)
  }

  /**
   * Reads the source to its end or until `signal` is aborted; what was committed is never read again, but where the source itself repeats.
   * @throws ProducerFenced when a newer run has taken over; what the source threw; the cluster's error after eight attempts.
   */
  async run(source: Source<Raw>, signal: AbortSignal, onProgress?: (progress: IngestProgress) => void): Promise<void> {
    this.rows = 0
    for (let attempt = 0; ; attempt++) {
      const before = this.rows
      try {
        return await this.ingest(source, signal, onProgress)
      } catch (error) {
        if (this.rows > before) attempt = 0
        if (!(error instanceof Retriable) || attempt === ATTEMPTS_MAX - 1 || signal.aborted) throw error
        this.logger.warn('ingest tries again', { source: source.name, error: error.message, attempt })
        await this.options.clock.sleep(BACKOFF_MS * 2 ** attempt, signal)
      }
    }
  }

  private get logger(): Logger {
    return this.options.logger ?? silentLogger
  }

  private async ingest(
    source: Source<Raw>,
    signal: AbortSignal,
    onProgress?: (progress: IngestProgress) => void,
  ): Promise<void> {
    const { cluster, transactionalId, cursorTopic } = this.options
    // The order matters: initProducer ends what an earlier run left open, so the cursors read next are the last ones.
    const producer = await cluster.initProducer({ transactionalId, transactionTimeoutMs: TRANSACTION_TIMEOUT_MS })
    const cursors = await readCursors(cluster, cursorTopic)
    for await (const batch of source.rows(cursors.get(source.name), signal)) {
      await this.waitForLag(signal)
      await this.commit(producer, source.name, batch)
      this.rows += batch.rows.length
      onProgress?.({ source: source.name, rows: this.rows, isDone: false })
      if (signal.aborted) return
    }
    onProgress?.({ source: source.name, rows: this.rows, isDone: true })
  }

  private async commit(producer: TransactionalProducer, source: string, batch: RowBatch<Raw>): Promise<void> {
    const now = this.options.clock.now()
    this.encoder.clear()
    try {
      for (const row of batch.rows) {
        this.encoder.add(row, now)
        if (this.encoder.isFull) await this.send(producer)
      }
      await this.send(producer)
      await producer.send([this.cursorRecord(source, batch.cursor, now)])
      await producer.commit()
    } catch (error) {
      throw asOutcome(error)
    }
  }

  private async send(producer: TransactionalProducer): Promise<void> {
    const filled = this.encoder.filled()
    if (filled.length > 0) await producer.send(filled)
    this.encoder.clear()
  }

  private cursorRecord(source: string, cursor: Cursor, now: number) {
    return { topic: this.options.cursorTopic, partition: 0, records: cursorBatch(source, cursor, now) }
  }

  private async waitForLag(signal: AbortSignal): Promise<void> {
    const { lag, lagMax = 100_000, clock } = this.options
    while (lag !== undefined && lag() > lagMax && !signal.aborted) await clock.sleep(LAG_CHECK_MS, signal)
  }
}

/**
 * That a newer run has taken over is final, and so is that brokers refuse the rows themselves. After any other error the outcome is unknown: a new
 * producer and the committed cursor tell.
 */
function asOutcome(error: unknown): unknown {
  const isUnknown = error instanceof Retriable || (error instanceof ProducerFenced && !fencingCodes.has(error.code))
  return isUnknown ? new Retriable('ingest_interrupted', 'a transaction of the ingest failed', { cause: error }) : error
}
