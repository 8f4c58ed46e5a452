import { describe, expect, test } from 'vitest'
import { ManualClock } from '../../../core/clock.ts'
import { Retriable, StreamsError } from '../../../core/errors.ts'
import { Persistence } from '../../../kafka/remote/persistence.ts'

/** Runs `attempt` under a clock that always moves on to the next sleeper; returns when each attempt was made. */
async function attemptsOf(attempt: (round: number) => Promise<string>, limitMs = 1_000) {
  const clock = new ManualClock()
  const times: number[] = []
  const persistence = new Persistence({ clock, random: () => 1, limitMs })
  const running = persistence.repeat(async (round) => {
    times.push(clock.now())
    return attempt(round)
  })
  let isOver = false
  const outcome = running.then(
    (answer) => answer,
    (error: unknown) => error,
  )
  const ended = outcome.then(() => {
    isOver = true
  })
  while (!isOver) {
    for (let i = 0; i < 10; i++) await Promise.resolve()
    const next = clock.nextWake()
    if (next !== undefined) clock.advanceTo(next)
  }
  await ended
  return { times, outcome: await outcome }
}

describe('persistence', () => {
  const away = new Retriable('away', 'the broker is away')

  test('asks again with growing pauses until there is an answer', async () => {
    const { times, outcome } = await attemptsOf(async (round) => {
      if (round < 4) throw away
      return 'here'
    })
    expect(outcome).toBe('here')
    expect(times).toEqual([0, 5, 15, 35, 75])
  })

  test('gives up when its time is over, with the last error', async () => {
    const { times, outcome } = await attemptsOf(async () => {
      throw away
    })
    expect(outcome).toBe(away)
    expect(times.at(-1)).toBe(1275)
  })

  test('does not repeat what another attempt cannot cure', async () => {
    const refused = new StreamsError('refused', 'never')
    const { times, outcome } = await attemptsOf(async () => {
      throw refused
    })
    expect(outcome).toBe(refused)
    expect(times).toEqual([0])
  })
})
