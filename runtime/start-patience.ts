// What a start does while a service that it needs does not answer: it waits, says for what, and gives up after a while.
import type { Clock } from '../core/clock.ts'
import { StreamsError } from '../core/errors.ts'
import type { Logger } from '../core/logger.ts'
import { BackOff, reactionTo } from './failure-policy.ts'

export interface StartPatience {
  readonly clock: Clock
  readonly logger: Logger
  /** How long it may take, ms. */
  readonly waitMsMax: number
  /** Ends the waiting. */
  readonly signal?: AbortSignal
  /** Told for whom the start waits and why; undefined when it goes on. */
  readonly waitsFor?: (what: string | undefined) => void
}

/** Asks again until there is an answer. @throws what waiting does not mend; StreamsError `start_gave_up`, `start_stopped` */
export async function untilAnswered<Answer>(
  service: string,
  patience: StartPatience,
  ask: () => Promise<Answer>,
): Promise<Answer> {
  const backOff = new BackOff(patience.waitMsMax)
  for (let attempt = 1; ; attempt++)
    try {
      const answer = await ask()
      if (attempt > 1) goOn(service, patience)
      return answer
    } catch (error) {
      if (reactionTo(error) !== 'back off') throw error
      await waitFor(service, patience, backOff, error)
    }
}

async function waitFor(service: string, patience: StartPatience, backOff: BackOff, error: unknown): Promise<void> {
  const { clock, logger, waitMsMax, signal, waitsFor } = patience
  const reason = error instanceof Error ? error.message : String(error)
  if (signal?.aborted)
    throw new StreamsError('start_stopped', `stopped while it waited for ${service}`, { cause: error })
  const pauseMs = backOff.failed(clock.now())
  if (pauseMs === undefined)
    throw new StreamsError(
      'start_gave_up',
      `${service} has not answered for ${waitMsMax / 1000} s: ${reason}. Start it, or correct its address, and start again`,
      { cause: error },
    )
  waitsFor?.(`${service}: ${reason}`)
  logger.warn(`the start waits for ${service}`, { error: reason, pauseMs })
  await clock.sleep(pauseMs, signal)
}

function goOn(service: string, { logger, waitsFor }: StartPatience): void {
  waitsFor?.(undefined)
  logger.info(`${service} answers; the start goes on`)
}
