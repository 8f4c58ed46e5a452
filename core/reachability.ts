// Whether something outside answers: known from those who ask it anyway, so that a probe seldom has to ask only to know.
import type { Clock } from './clock.ts'
import { seconds } from './duration.ts'
import { Retriable, StreamsError } from './errors.ts'

export interface Trouble {
  /** First call that has got no answer, ms UTC; nothing has been answered since. */
  readonly since: number
  readonly reason: string
}

/** An answer of this age still says that there will be another. */
const FRESH_MS = seconds(5)

export class Reachability {
  private readonly clock: Clock
  private readonly toleratedMs: number
  private answeredAt = Number.NEGATIVE_INFINITY
  private unansweredSince: number | undefined
  private reason: string | undefined
  private pinging: Promise<unknown> | undefined

  /** `toleratedMs`: silence that is no trouble yet, where a leader that moves or one lost connection is everyday. */
  constructor(clock: Clock, toleratedMs = 0) {
    this.clock = clock
    this.toleratedMs = toleratedMs
  }

  /** Makes the call and remembers whether it was answered; an error that says what a person must change is an answer too. */
  async ask<Answer>(call: () => Promise<Answer>): Promise<Answer> {
    this.unansweredSince ??= this.clock.now()
    try {
      const answer = await call()
      this.answered()
      return answer
    } catch (error) {
      if (isAnswer(error)) this.answered()
      else this.reason = reasonOf(error)
      throw error
    }
  }

  /** For who learns of it otherwise than by asking: a connection has gone. */
  lost(error: unknown): void {
    this.unansweredSince ??= this.clock.now()
    this.answeredAt = Number.NEGATIVE_INFINITY
    this.reason = reasonOf(error)
  }

  /** What is wrong now; with `ping` it asks, if nobody has had an answer lately and nobody else is asking for that. */
  async trouble(ping?: () => Promise<unknown>): Promise<Trouble | undefined> {
    if (ping !== undefined && this.clock.now() - this.answeredAt > FRESH_MS) await this.pingOnce(ping)
    const since = this.unansweredSince
    if (since === undefined || this.clock.now() - since < this.toleratedMs) return undefined
    return { since, reason: this.reason ?? 'no answer' }
  }

  private async pingOnce(ping: () => Promise<unknown>): Promise<void> {
    this.pinging ??= this.ask(ping).finally(() => {
      this.pinging = undefined
    })
    // Why it failed is remembered.
    await this.pinging.catch(() => {})
  }

  private answered(): void {
    this.answeredAt = this.clock.now()
    this.unansweredSince = undefined
    this.reason = undefined
  }
}

function isAnswer(error: unknown): boolean {
  return error instanceof StreamsError && !(error instanceof Retriable)
}

/** What happened, and why as far down as somebody knew. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const message = messageOf(error)
  if (error.cause === undefined) return message
  const why = reasonOf(error.cause)
  return message.includes(why) ? message : `${message}: ${why}`
}

/** Several addresses tried in vain make an error that has only a code. */
function messageOf(error: Error): string {
  if (error.message !== '') return error.message
  return 'code' in error ? String(error.code) : error.name
}
