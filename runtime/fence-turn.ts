// S3 of the tasks that open beside the worker's loop. Their fences wait here for its producer, which has one transaction at a time, and go out together.
import { assert } from '../core/assert.ts'
import type { ProducedBatch, TransactionalProducer } from '../kafka/cluster.ts'
import type { StepHook } from './steps.ts'

interface Asked {
  readonly batch: ProducedBatch
  readonly written: (offset: number) => void
}

export class FenceTurn {
  private asked: Asked[] = []
  private readonly onAsked: () => void

  constructor(onAsked: () => void) {
    this.onAsked = onAsked
  }

  get isAsked(): boolean {
    return this.asked.length > 0
  }

  /** Resolves to the fence's offset when its transaction is committed; rejects when `signal` is aborted before. */
  ask(batch: ProducedBatch, signal: AbortSignal): Promise<number> {
    return new Promise((written, refused) => {
      const asked: Asked = { batch, written }
      const give = () => {
        this.asked = this.asked.filter((other) => other !== asked)
        refused(signal.reason)
      }
      if (signal.aborted) return give()
      signal.addEventListener('abort', give, { once: true })
      this.asked.push(asked)
      this.onAsked()
    })
  }

  /** Between two commits. Any error: a new incarnation, and those who asked are given up. */
  async write(producer: TransactionalProducer, at: StepHook | undefined): Promise<void> {
    await at?.('S3')
    const asked = this.asked
    this.asked = []
    const bases = await sendAlone(
      producer,
      asked.map(({ batch }) => batch),
    )
    asked.forEach(({ written }, i) => {
      const base = bases[i]
      assert(base !== undefined, 'every fence is acknowledged')
      written(base)
    })
  }
}

/** In a transaction with nothing else, between two commits; returns the offset of each batch. Any error: a new incarnation. */
export async function sendAlone(
  producer: TransactionalProducer,
  batches: readonly ProducedBatch[],
): Promise<readonly number[]> {
  const bases = await producer.send(batches)
  await producer.commit()
  return bases
}
