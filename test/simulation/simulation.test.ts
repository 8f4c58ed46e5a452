import { describe, expect, it } from 'vitest'
import { keptSeeds } from './kept-seeds.ts'
import { mutations } from './mutations.ts'
import { simulateSeed } from './simulate.ts'
import type { Coverage } from './world.ts'

/** 2,000 seeds or three minutes, whichever ends first. The first seed moves with the day, so that every day sees others; it is printed. */
const SEEDS = 2_000
const TIME_MS = 180_000
const FIRST_SEED = Number(process.env.SIMULATION_SEED ?? Math.floor(Date.now() / 86_400_000) * 10_000)
const STEPS = ['S1', 'S2', 'S3', 'S4', 'S5', 'S6', 'S7', 'R1', 'R3', 'R4a', 'R4b', 'R4c', 'R4d', 'R5']
/** A call of this step cannot be lost or unanswered where the step makes none of its own. */
const WITHOUT_CALLS = new Set(['R3', 'R4a'])
/** Hits a thousand seeds must give each cell; most have hundreds. */
const HITS_A_THOUSAND = 5
const SEEDS_A_MUTATION = 200

describe('the engine under faults at every call', () => {
  const coverage: Coverage = new Map()
  let seeds = 0

  it.each(keptSeeds.map((seed) => [seed]))('gives the crash-free outcome for kept seed %d', async (seed) => {
    await simulateSeed(seed, coverage)
  })

  it(
    `gives the crash-free outcome for every seed from ${FIRST_SEED} on`,
    async () => {
      const until = Date.now() + TIME_MS
      for (; seeds < SEEDS && Date.now() < until; seeds++) await simulateSeed(FIRST_SEED + seeds, coverage)
      console.log(`${seeds} seeds from ${FIRST_SEED}`)
      expect(seeds).toBeGreaterThan(100)
    },
    TIME_MS + 60_000,
  )

  it('has hit every step with every fault', () => {
    const wanted = Math.max(1, Math.floor((seeds / 1_000) * HITS_A_THOUSAND))
    const cells = STEPS.flatMap((step) =>
      (WITHOUT_CALLS.has(step) ? ['killed', 'paused'] : ['killed', 'paused', 'lost', 'unanswered']).map(
        (fault) => `${fault} × ${step}`,
      ),
    )
    expect(cells.filter((cell) => (coverage.get(cell) ?? 0) < wanted)).toEqual([])
  })

  it.each(mutations)(
    'sees a violation when $name',
    async (mutation) => {
      let seen: unknown
      for (let seed = 1; seed <= SEEDS_A_MUTATION && seen === undefined; seed++)
        await simulateSeed(seed, new Map(), mutation).catch((error: unknown) => {
          seen = error
        })
      expect(String(seen)).toMatch(/^Error: seed \d+/)
    },
    120_000,
  )
})
