// The rules of time over graphs of one to three hops: whatever the batches, the order between partitions and the deaths, the same records are late, and
// the same windows hold the same. What must come out is worked out from the records alone.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { minutes } from '../../core/duration.ts'
import type { Windowed, WindowResult } from '../../serdes/windowed.ts'
import { TopologyTestDriver } from '../../testing.ts'
import type { CompiledTopology } from '../../topology/graph.ts'
import {
  counts,
  gap,
  overKinds,
  overResults,
  overSessions,
  overSource,
  overVersions,
  partitions,
  size,
  start,
  Tick,
  ticks,
} from '../support/ticks.ts'

const seed = Number(process.env.EVENT_TIME_SEED ?? Date.now() % 1_000_000)
const numRuns = Number(process.env.EVENT_TIME_RUNS ?? 12)

interface Event {
  readonly partition: number
  readonly key: string
  readonly tick: Tick
}

/** How one and the same input is brought in. */
interface Course {
  /** How many records of which partition come next; what is left follows. */
  readonly steps: readonly { readonly partition: number; readonly records: number; readonly dies: boolean }[]
  readonly fetchBytes: number
}

/** By `key@start`; `closed`: a final result has been sent, whatever was corrected later. */
type Windows = Readonly<Record<string, { readonly value: number; readonly closed: boolean }>>

interface Found {
  readonly windows: Windows
  /** Dead letters as `partition:offset`. */
  readonly letters: readonly string[]
  readonly late: number
}

const events: fc.Arbitrary<Event[]> = fc
  .array(
    fc.record({
      partition: fc.nat(partitions - 1),
      key: fc.nat(2),
      kind: fc.constantFrom('red', 'green', 'blue'),
      version: fc.nat(3),
      // Time passes with the input; some records come much too late.
      behind: fc.oneof({ weight: 5, arbitrary: fc.nat(minutes(5)) }, { weight: 1, arbitrary: fc.nat(minutes(60)) }),
    }),
    { minLength: 1, maxLength: 60 },
  )
  .map((drawn) =>
    drawn.map(({ partition, key, kind, version, behind }, i) => ({
      partition,
      key: `${partition}-${key}`,
      tick: new Tick({ at: start + minutes(60) + i * minutes(1) - behind, kind, version }),
    })),
  )
const courses: fc.Arbitrary<Course> = fc.record({
  steps: fc.array(
    fc.record({
      partition: fc.nat(partitions - 1),
      records: fc.integer({ min: 1, max: 12 }),
      dies: fc.boolean(),
    }),
    { maxLength: 8 },
  ),
  fetchBytes: fc.constantFrom(1, 200, 1_000_000),
})
const graces = fc.constantFrom(0, minutes(4), minutes(15))

/** Each event with its clock, by the definition: the highest time read from its partition so far. */
function clocked(all: readonly Event[]) {
  const clocks = new Map<number, number>()
  return all.map((event) => {
    const clock = Math.max(clocks.get(event.partition) ?? 0, event.tick.at)
    clocks.set(event.partition, clock)
    return { ...event, at: event.tick.at, clock }
  })
}

/** The watermark behind all partitions, once everything has been read; nobody hears of a partition that is empty. */
function watermarkBehind(all: readonly Event[]): number {
  const last = Array.from({ length: partitions }, (_, partition) =>
    Math.max(...all.filter((event) => event.partition === partition).map(({ tick }) => tick.at)),
  )
  return Math.min(...last)
}

function watermarkOf(all: readonly Event[], partition: number): number {
  return Math.max(...all.filter((event) => event.partition === partition).map(({ tick }) => tick.at))
}

const startOf = (at: number) => Math.floor(at / size) * size

describe('whatever the course', () => {
  check(
    'windows of a source drop the same records',
    ({ grace }) => overSource({ grace }),
    (all, { grace }) => {
      const windows = new Counts()
      let late = 0
      for (const { key, at, clock, partition } of clocked(all))
        if (clock >= startOf(at) + size + grace) late++
        else windows.add(key, startOf(at), watermarkOf(all, partition) >= startOf(at) + size + grace)
      return { windows: windows.all(), late, letters: [] }
    },
  )

  check(
    'overlapping windows behind another key refuse the same records',
    ({ grace }) => overKinds({ grace }),
    (all, { grace }) => {
      const windows = new Counts()
      let late = 0
      for (const { tick, at, clock } of clocked(all)) {
        const starts = [startOf(at), startOf(at - size / 2) + size / 2]
        const taking = starts.filter((from) => clock < from + size + grace)
        // Refused only when none of its windows takes it.
        if (taking.length === 0) late++
        for (const from of taking) windows.add(tick.kind, from, watermarkBehind(all) >= from + size + grace)
      }
      return { windows: windows.all(), late, letters: [] }
    },
  )

  check(
    'late records behind another key become the same dead letters',
    ({ grace }) => overKinds({ grace, late: 'deadLetter' }, 'tumbling'),
    (all, { grace }) => {
      const windows = new Counts()
      let letters = 0
      for (const { tick, at, clock } of clocked(all))
        if (clock >= startOf(at) + size + grace) letters++
        else windows.add(tick.kind, startOf(at), watermarkBehind(all) >= startOf(at) + size + grace)
      return { windows: windows.all(), late: 0, letters: Array.from({ length: letters }, () => 'late') }
    },
  )

  check(
    'corrected windows hold every record',
    ({ grace }) => overKinds({ grace, late: 'correct' }, 'tumbling'),
    (all, { grace }) => {
      const windows = new Counts()
      for (const { tick, at } of clocked(all))
        windows.add(tick.kind, startOf(at), watermarkBehind(all) >= startOf(at) + size + grace)
      return { windows: windows.all(), letters: [] }
    },
  )

  check(
    'sessions are cut at the same places',
    ({ grace }) => overSessions({ grace }),
    (all, { grace }) => {
      const windows = new Counts()
      let late = 0
      const inTime = clocked(all).filter(({ at, clock }) => clock < at + gap + grace)
      late = all.length - inTime.length
      for (const key of new Set(inTime.map((event) => event.key))) {
        const own = inTime.filter((event) => event.key === key).sort((a, b) => a.at - b.at)
        let from = 0
        let last = Number.NEGATIVE_INFINITY
        for (const { at, partition } of own) {
          if (at > last + gap) from = at
          last = at
          const ends = own
            .filter((event) => event.at >= from)
            .reduce((end, event) => (event.at <= end + gap ? Math.max(end, event.at) : end), from)
          windows.add(key, from, watermarkOf(all, partition) >= ends + 2 * gap + grace)
        }
      }
      return { windows: windows.all(), late, letters: [] }
    },
  )

  check(
    'windows over final results, three hops away, add up to the same',
    ({ grace }) => overResults({ grace }),
    (all, { grace }) => {
      const windows = new Counts()
      for (const { key, at, clock, partition } of clocked(all)) {
        const closing = startOf(at) + size + grace
        if (clock < closing && watermarkOf(all, partition) >= closing)
          windows.add(key.slice(2), startOf(closing), undefined)
      }
      return { windows: windows.all() }
    },
  )

  check(
    'what a table’s rows add is taken back, whenever the newer version comes',
    ({ grace }) => overVersions({ grace, late: 'correct' }),
    (all) => {
      const newest = new Map<string, Tick>()
      for (const { key, tick } of all) if (tick.version >= (newest.get(key)?.version ?? -1)) newest.set(key, tick)
      const windows = new Counts()
      for (const { kind, at } of newest.values()) windows.add(kind, startOf(at), undefined)
      return { windows: windows.all(), letters: [] }
    },
  )
})

interface Expected {
  readonly windows: Readonly<Record<string, { readonly value: number; readonly closed: boolean | undefined }>>
  readonly letters?: readonly string[]
  readonly late?: number
}

/** Runs random input on two random courses; both must leave what is expected. */
function check(
  name: string,
  topologyOf: (drawn: { readonly grace: number }) => CompiledTopology,
  expectedOf: (all: readonly Event[], drawn: { readonly grace: number }) => Expected,
): void {
  test(`${name} (EVENT_TIME_SEED=${seed})`, { timeout: 60_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(events, fc.array(courses, { minLength: 2, maxLength: 2 }), graces, async (all, both, grace) => {
        const expected = expectedOf(all, { grace })
        for (const course of both) {
          const found = await run(topologyOf({ grace }), all, course)
          expect(withoutUnknown(found.windows, expected.windows)).toEqual(expected.windows)
          if (expected.letters !== undefined) expect(found.letters).toEqual(expected.letters)
          if (expected.late !== undefined) expect(found.late).toBe(expected.late)
        }
      }),
      { seed, numRuns },
    )
  })
}

/** Where nobody says whether a window is closed, it is not compared. */
function withoutUnknown(found: Windows, expected: Expected['windows']) {
  return Object.fromEntries(
    Object.entries(found).map(([name, { value, closed }]) => [
      name,
      { value, closed: expected[name] !== undefined && expected[name].closed === undefined ? undefined : closed },
    ]),
  )
}

async function run(topology: CompiledTopology, all: readonly Event[], { steps, fetchBytes }: Course): Promise<Found> {
  const driver = await TopologyTestDriver.open(topology, {
    startAt: start + minutes(60 * 24),
    config: { fetchBytesPerPartitionMax: fetchBytes },
  })
  const waiting = Array.from({ length: partitions }, (_, partition) =>
    all.filter((event) => event.partition === partition),
  )
  const watermarks = new Map<string, number>()
  const pipe = async (some: readonly Event[]) => {
    if (some.length === 0) return
    await driver.input(ticks).pipe(...some.map(({ partition, key, tick }) => ({ partition, key, value: tick })))
    for (const { task, watermark } of driver.snapshot().tasks) {
      if (watermark === undefined) continue
      expect(watermark, `watermark of ${task}`).toBeGreaterThanOrEqual(watermarks.get(task) ?? 0)
      watermarks.set(task, watermark)
    }
  }
  for (const { partition, records, dies } of steps) {
    await pipe(waiting[partition]?.splice(0, records) ?? [])
    if (dies) await driver.crash()
  }
  await pipe(waiting.flat())
  const found = await foundIn(driver)
  await driver.close()
  return found
}

async function foundIn(driver: TopologyTestDriver): Promise<Found> {
  const windows: Record<string, { value: number; closed: boolean }> = {}
  const closed = new Set<string>()
  for (const { key, value } of await driver.output<Windowed<string>, WindowResult<number>>(counts).read()) {
    const name = `${key.key}@${key.start}`
    if (value === undefined) delete windows[name]
    else {
      if (value.status !== 'provisional') closed.add(name)
      windows[name] = { value: value.value, closed: closed.has(name) }
    }
  }
  const letters = driver
    .snapshot()
    .nodes.flatMap(({ outcomes }) => Object.entries(outcomes))
    .filter(([outcome]) => outcome.startsWith('dead_letter:'))
    .flatMap(([outcome, count]) => Array.from({ length: count }, () => outcome.slice('dead_letter:'.length)))
  const late = driver.snapshot().nodes.reduce((sum, { outcomes }) => sum + (outcomes.late ?? 0), 0)
  return { windows, letters, late }
}

class Counts {
  private readonly windows = new Map<string, { value: number; closed: boolean | undefined }>()

  add(key: string, from: number, closed: boolean | undefined): void {
    const name = `${key}@${from}`
    this.windows.set(name, { value: (this.windows.get(name)?.value ?? 0) + 1, closed })
  }

  all(): Expected['windows'] {
    return Object.fromEntries(this.windows)
  }
}
