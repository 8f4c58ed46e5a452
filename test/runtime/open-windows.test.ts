// Windows that were open when the process died: the marker says that they are, and each is closed once, whoever opened it.
import { describe, expect, test } from 'vitest'
import { hours } from '../../core/duration.ts'
import { TopologyTestDriver } from '../../testing.ts'
import type { CompiledTopology } from '../../topology/graph.ts'
import { counts, overKinds, overSessions, overSource, start, Tick, ticks } from '../support/ticks.ts'

const grace = hours(30)

describe('windows open over crashes', () => {
  const topologies: Readonly<Record<string, CompiledTopology>> = {
    'behind a source': overSource({ grace, emit: 'final' }),
    'behind another key': overKinds({ grace, emit: 'final' }),
    'by session': overSessions({ grace, emit: 'final' }),
  }
  for (const [name, topology] of Object.entries(topologies))
    test(`are final once each, as without a crash: ${name}`, async () => {
      const undisturbed = await finalsOf(topology, false)
      expect(undisturbed.length).toBeGreaterThan(20)
      expect(new Set(undisturbed).size).toBe(undisturbed.length)
      expect(await finalsOf(topology, true)).toEqual(undisturbed)
      expect(await finalsOf(topology, true, 1)).toEqual(undisturbed)
    })
})

/** Ticks of four days on every partition; what became final, in order of its text. */
async function finalsOf(topology: CompiledTopology, crashes: boolean, windowsAtOnce = 4_000): Promise<string[]> {
  const driver = await TopologyTestDriver.open(topology, { startAt: start + hours(200), config: { windowsAtOnce } })
  const finals: string[] = []
  for (let hour = 0; hour < 96; hour += 3) {
    const value = new Tick({ at: start + hours(hour), kind: hour % 2 === 0 ? 'red' : 'blue', version: hour })
    await driver.input(ticks).pipe(...[0, 1, 2].map((partition) => ({ key: `k${partition}`, partition, value })))
    for (const { key, value: result } of await driver.output(counts).read())
      finals.push(`${key.key}@${key.start} ${result?.value} ${result?.status} ${result?.revision}`)
    if (crashes && hour % 4 === 0) await driver.crash()
  }
  await driver.close()
  return finals.sort()
}
