// Writer schemas that records of one topic wait for. Each is asked for by itself, beside the loops of those who read, so that a registry that is
// away holds up only the partitions whose next record needs it.
import { assert } from '../core/assert.ts'
import type { Clock } from '../core/clock.ts'
import type { Logger } from '../core/logger.ts'
import type { Serde } from '../serdes/serde.ts'
import type { TopicSerdes } from '../topology/graph.ts'
import { BackOff, reactionTo } from './failure-policy.ts'

/** How a topic is read, and who is asked for the schemas that others wrote it with. */
export interface InputSerdes extends TopicSerdes {
  readonly schemas: SchemaWaits
}

export interface SchemaWaitsOptions {
  readonly topic: string
  readonly serde: Serde<unknown>
  readonly clock: Clock
  readonly logger: Logger
  /** Called when a schema has come, or never will. */
  readonly onEnd: () => void
}

export class SchemaWaits {
  private readonly options: SchemaWaitsOptions
  /** By schema id: however many partitions wait for one, it is asked for once. */
  private readonly waits = new Map<number, SchemaWait>()

  constructor(options: SchemaWaitsOptions) {
    this.options = options
  }

  /** Begins to ask for it unless somebody waits for it already. */
  begin(schemaId: number): SchemaWait {
    const known = this.waits.get(schemaId)
    if (known !== undefined) return known
    const wait = new SchemaWait(schemaId, this.options, () => this.waits.delete(schemaId))
    this.waits.set(schemaId, wait)
    return wait
  }
}

/** Whoever waits looks at it again and again: that is what makes it ask again, with pauses. Without an end, since only its partitions stand still. */
export class SchemaWait {
  readonly schemaId: number
  /** ms UTC */
  readonly since: number
  /** Why the schema is not here yet. */
  reason = 'the registry has not answered yet'
  /** Ends when the question under way is answered, or fails. */
  asked: Promise<void>
  private readonly options: SchemaWaitsOptions
  private readonly backOff = new BackOff(Number.POSITIVE_INFINITY)
  private readonly ended: () => void
  private state: 'asking' | 'pausing' | 'ended' = 'asking'
  private askAgainAt = Number.NEGATIVE_INFINITY
  private failure: unknown

  constructor(schemaId: number, options: SchemaWaitsOptions, ended: () => void) {
    this.schemaId = schemaId
    this.since = options.clock.now()
    this.options = options
    this.ended = ended
    this.asked = this.ask()
  }

  /** Whether the schema is still waited for. @throws what waiting does not mend */
  goesOn(): boolean {
    if (this.failure !== undefined) throw this.failure
    if (this.state === 'pausing' && this.options.clock.now() >= this.askAgainAt) this.asked = this.ask()
    return this.state !== 'ended'
  }

  /** Never rejects: what goes wrong is seen by those who look. */
  private async ask(): Promise<void> {
    const { topic, serde, logger, onEnd } = this.options
    this.state = 'asking'
    try {
      assert(serde.resolve !== undefined, `${topic} has no schemas to ask for`)
      await serde.resolve(this.schemaId)
    } catch (error) {
      if (reactionTo(error) === 'back off') return this.pause(error)
      this.failure = error
    }
    this.state = 'ended'
    if (this.hasPaused) logger.info('records wait no longer for a schema', { topic, schemaId: this.schemaId })
    this.ended()
    onEnd()
  }

  private get hasPaused(): boolean {
    return Number.isFinite(this.askAgainAt)
  }

  private pause(error: unknown): void {
    const { topic, clock, logger } = this.options
    const now = clock.now()
    const pauseMs = this.backOff.failed(now)
    assert(pauseMs !== undefined, 'it is asked for without an end')
    this.reason = error instanceof Error ? error.message : String(error)
    this.askAgainAt = now + pauseMs
    this.state = 'pausing'
    logger.warn('records wait for a schema', { topic, schemaId: this.schemaId, error: this.reason, pauseMs })
  }
}
