// Whether the program lives and whether it is ready. Live asks nobody but the process itself; ready asks what the work depends on, each within a bound.
import type { Clock } from '../core/clock.ts'
import { seconds } from '../core/duration.ts'

export interface ReadyCheck {
  readonly name: string
  /** Rejects with the reason. */
  readonly check: () => Promise<void>
}

export interface CheckResult {
  readonly check: string
  readonly ok: boolean
  readonly reason?: string
  /** ISO, UTC; absent where nobody knows. */
  readonly since?: string
}

/** A check's answer that knows since when it has been so, ms UTC. */
export class NotReady extends Error {
  readonly since: number

  constructor(reason: string, since: number) {
    super(reason)
    this.since = since
  }
}

const checkTimeoutMs = seconds(2)
const stuckAfterMs = seconds(30)

/** The answer itself shows that the event loop turns; the poll loop must have come round as well. Before its first round it is starting, not stuck. */
export function isLive(polledAt: number | undefined, now: number): boolean {
  return polledAt === undefined || now - polledAt < stuckAfterMs
}

export function runChecks(checks: readonly ReadyCheck[], clock: Clock): Promise<CheckResult[]> {
  return Promise.all(checks.map((check) => runCheck(check, clock)))
}

async function runCheck({ name, check }: ReadyCheck, clock: Clock): Promise<CheckResult> {
  const finished = new AbortController()
  const timeout = clock.sleep(checkTimeoutMs, finished.signal).then(() => {
    throw new Error(`no answer within ${checkTimeoutMs / 1000} s`)
  })
  try {
    await Promise.race([check(), timeout])
    return { check: name, ok: true }
  } catch (error) {
    return { check: name, ok: false, ...whyNot(error) }
  } finally {
    timeout.catch(() => {})
    finished.abort()
  }
}

function whyNot(error: unknown): Pick<CheckResult, 'reason' | 'since'> {
  const reason = error instanceof Error ? error.message : String(error)
  return error instanceof NotReady ? { reason, since: new Date(error.since).toISOString() } : { reason }
}
