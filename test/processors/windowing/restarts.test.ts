// A restart reads no windows: those that were open are found when they are due. Whenever it happens, what comes out is the same.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { days, hours } from '../../../core/duration.ts'
import { t } from '../../../serdes/schema.ts'
import { windowed, windowResult } from '../../../serdes/windowed.ts'
import { sessionStore, windowStore } from '../../../state/store-definitions.ts'
import type { CompiledTopology } from '../../../topology/graph.ts'
import { StreamsBuilder } from '../../../topology/streams-builder.ts'
import { topic } from '../../../topology/topic.ts'
import { hopping, type SessionWindows, session, type TimeWindows, tumbling } from '../../../topology/windows.ts'
import { TopologyRig, type Written } from '../../topology/topology-rig.ts'

const input = topic('input', { key: t.string, value: t.int })
const output = topic('output', { key: windowed(t.string), value: windowResult(t.int) })
const schemas = { key: t.string, value: t.int }

const cases: Readonly<Record<string, TimeWindows | SessionWindows>> = {
  'hours with a grace of two days': tumbling({ size: hours(1), grace: days(2) }),
  'overlapping days, final results only': hopping({ size: days(1), advance: hours(8), grace: 0, emit: 'final' }),
  'days of a zone, corrected': tumbling({ size: days(1), grace: 0, zone: 'America/Los_Angeles', correctFor: days(1) }),
  sessions: session({ gap: hours(3), grace: hours(6) }),
}

/** `restarts`: 0 for none, else after so many parts of a closing, and at its end. */
type Step = { readonly at: number; readonly key: string } | { readonly watermark: number; readonly restarts: number }

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ at: hoursWithin(240), key: fc.constantFrom('a', 'b', 'c') }) },
  { weight: 1, arbitrary: fc.record({ watermark: hoursWithin(300), restarts: fc.nat(6) }) },
)

describe('a restart after a commit', () => {
  for (const [name, windows] of Object.entries(cases))
    it(`changes nothing of what comes out: ${name}`, () =>
      fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
          const undisturbed = await run(windows, steps, false)
          expect(await run(windows, steps, true)).toEqual(undisturbed)
        }),
        { numRuns: 200 },
      ))
})

describe('windows that are closed some at a time, with restarts between', () => {
  for (const [name, windows] of Object.entries(cases))
    it(`give the same results, the earliest first: ${name}`, () =>
      fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 60 }), fc.integer({ min: 1, max: 9 }), async (steps, atOnce) => {
          const undisturbed = await run(windows, steps, false)
          expect(await run(windows, steps, true, atOnce)).toEqual(undisturbed)
        }),
        { numRuns: 200 },
      ))
})

/** What each commit let out, in the order of keys and starts. */
async function run(windows: TimeWindows | SessionWindows, steps: readonly Step[], mayRestart: boolean, atOnce = 1_000) {
  const rig = await TopologyRig.open(sumsOf(windows))
  rig.windowsAtOnce = atOnce
  const commits: string[][] = []
  let watermark = 0
  for (const next of steps) {
    if ('at' in next) {
      await rig.pipe('input', { key: next.key, value: 1, at: next.at, clock: Math.max(next.at, watermark) })
      continue
    }
    watermark = Math.max(watermark, next.watermark)
    const mayRestartNow = mayRestart && next.restarts > 0
    let parts = 0
    await rig.commit(watermark, async () => {
      if (mayRestartNow && ++parts === next.restarts) await rig.restart()
    })
    const records = rig.take('output')
    if (windows.kind !== 'session')
      expect(startsOfFinals(records)).toEqual(startsOfFinals(records).toSorted((a, b) => a - b))
    commits.push(records.map((record) => JSON.stringify(record)).sort())
    if (mayRestartNow) await rig.restart()
  }
  return { commits, counts: rig.counts, deadLetters: rig.deadLetters }
}

function startsOfFinals(records: readonly Written[]): number[] {
  return records.flatMap(({ key, value }) => {
    const { start } = key as { start: number }
    return (value as { status: string } | undefined)?.status === 'final' ? [start] : []
  })
}

function sumsOf(windows: TimeWindows | SessionWindows): CompiledTopology {
  const streams = new StreamsBuilder('app')
  const steps = { initial: 0, add: (sum: number, value: number) => sum + value, merge: (a: number, b: number) => a + b }
  const grouped = streams.stream(input).groupByKey()
  const table =
    windows.kind === 'session'
      ? grouped.windowedBy(windows).aggregate(sessionStore('sums', schemas), steps)
      : grouped.windowedBy(windows).aggregate(windowStore('sums', schemas), steps)
  table.toStream().to(output)
  return streams.build()
}

function hoursWithin(count: number): fc.Arbitrary<number> {
  return fc.integer({ min: 1, max: count }).map((hour) => hours(hour))
}
