// The worker's transactional producer. Epochs wrap and move with every transaction, so they cannot be compared; how often the producer has been made can.
import { Retriable } from '../core/errors.ts'
import type { TransactionalProducer } from '../kafka/cluster.ts'
import type { Writer } from '../state/backend.ts'
import type { WorkerOptions } from './worker-options.ts'

export class Incarnation {
  private readonly transactionalId: string
  private readonly options: Pick<WorkerOptions, 'cluster' | 'membership' | 'config' | 'logger'>
  private current: TransactionalProducer | undefined
  private count = 0
  /** By foreign id: the fence that is not sent yet, and the one sent last. */
  private readonly nextFences = new Map<string, Promise<void>>()
  private readonly lastFences = new Map<string, Promise<void>>()

  constructor(transactionalId: string, options: Pick<WorkerOptions, 'cluster' | 'membership' | 'config' | 'logger'>) {
    this.transactionalId = transactionalId
    this.options = options
  }

  /** Who writes now. */
  get writer(): Writer {
    return { transactionalId: this.transactionalId, incarnation: this.count }
  }

  /** This incarnation's producer; a new incarnation begins only while the group still knows this worker. */
  async producer(): Promise<TransactionalProducer> {
    if (this.current !== undefined) return this.current
    if (this.count > 0 && !(await this.options.membership.confirmed()))
      throw new Retriable('group_unsettled', 'the group does not know this worker in its present generation')
    this.count++
    this.current = await this.init(this.transactionalId)
    return this.current
  }

  /** After any error of the producer: its transaction's outcome is unknown, so it is never used again. */
  end(): void {
    this.current = undefined
  }

  /**
   * Ends whatever a former writer has open; it can never commit again. Tasks that open together often have the same one:
   * a fence counts for all who ask before it is sent, and a coordinator takes one at a time.
   */
  fence(transactionalId: string): Promise<void> {
    const next = this.nextFences.get(transactionalId)
    if (next !== undefined) return next
    const before = this.lastFences.get(transactionalId) ?? Promise.resolve()
    const fence = before.catch(() => {}).then(() => this.sendFence(transactionalId))
    this.nextFences.set(transactionalId, fence)
    return fence
  }

  private async sendFence(transactionalId: string): Promise<void> {
    const sent = this.nextFences.get(transactionalId)
    this.nextFences.delete(transactionalId)
    if (sent !== undefined) this.lastFences.set(transactionalId, sent)
    try {
      await this.init(transactionalId)
    } finally {
      if (this.lastFences.get(transactionalId) === sent) this.lastFences.delete(transactionalId)
    }
    this.options.logger.info('fenced a former writer', { transactionalId })
  }

  private init(transactionalId: string): Promise<TransactionalProducer> {
    const { cluster, config } = this.options
    return cluster.initProducer({ transactionalId, transactionTimeoutMs: config.transactionTimeoutMs })
  }
}
