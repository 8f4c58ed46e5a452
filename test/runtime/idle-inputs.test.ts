// Idle inputs: when they no longer hold windows open, and what happens when they wake up.
import { describe, expect, test } from 'vitest'
import { minutes } from '../../core/duration.ts'
import type { WindowResult } from '../../serdes/windowed.ts'
import { TopologyTestDriver } from '../../testing.ts'
import type { LateOptions } from '../../topology/windows.ts'
import { badTicks, counts, overKinds, start, Tick, ticks } from '../support/ticks.ts'

describe('a source without input', () => {
  const grace = minutes(4)
  const at = (minute: number) => start + minutes(minute)
  const tick = (minute: number) => new Tick({ at: at(minute), kind: 'red', version: 0 })
  const open = (late: LateOptions) =>
    TopologyTestDriver.open(overKinds(late, 'tumbling'), { startAt: at(60), config: { idleAfterMs: minutes(1) } })

  test('holds windows open until it is idle, and no longer', async () => {
    const driver = await open({ grace })
    const input = driver.input(ticks)
    await input.pipe(...[0, 1].map((partition) => ({ key: 'k', partition, value: tick(1) })))
    await input.pipe(...[0, 1].map((partition) => ({ key: 'k', partition, value: tick(30) })))
    expect(statusesOf(await driver.output(counts).read())).toEqual(['2 provisional', '2 provisional'])
    await driver.advance(minutes(1) - 1)
    expect(await driver.output(counts).read()).toEqual([])
    await driver.advance(minutes(2))
    // The empty source has never said anything; the others are idle with it, so nothing closes before one of them goes on.
    await input.pipe(...[0, 1].map((partition) => ({ key: 'k', partition, value: tick(31) })))
    expect(statusesOf(await driver.output(counts).read())).toContain('2 final')
    await driver.close()
  })

  test('that wakes up corrects what is there, opens nothing anew, and is never late by its own clock', async () => {
    const driver = await open({ grace })
    const input = driver.input(ticks)
    await input.pipe({ key: 'k', partition: 0, value: tick(1) }, { key: 'k', partition: 0, value: tick(30) })
    await driver.advance(minutes(2))
    await input.pipe({ key: 'k', partition: 0, value: tick(50) })
    expect(statusesOf(await driver.output(counts).read())).toContain('1 final')
    await input.pipe({ key: 'k', partition: 1, value: tick(2) }, { key: 'k', partition: 1, value: tick(12) })
    expect(statusesOf(await driver.output(counts).read())).toContain('2 corrected')
    const letters = await driver.output(badTicks).read()
    const outcomes = driver.snapshot().nodes.flatMap((node) => Object.keys(node.outcomes))
    expect(letters).toHaveLength(1)
    expect(outcomes).toContain('dead_letter:after_idle')
    expect(outcomes).not.toContain('late')
    await driver.close()
  })
})

function statusesOf(records: readonly { readonly value: WindowResult<number> | undefined }[]): string[] {
  return records.map(({ value }) => `${value?.value} ${value?.status}`)
}
