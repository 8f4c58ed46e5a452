// How commits of drained input keep apart, whoever looks when.
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ManualClock } from '../../core/clock.ts'
import { seededRandom } from '../../core/random.ts'
import { type EmbeddedCluster, openEmbeddedCluster } from '../../kafka/embedded/embedded-cluster.ts'
import { withFaults } from '../../kafka/embedded/fault-hooks.ts'
import { ChangelogWriter } from '../../runtime/changelog-writer.ts'
import { Commits } from '../../runtime/commits.ts'
import { OutputBuffers } from '../../runtime/output-buffers.ts'

const REST_MS = 10
const clock = new ManualClock()
let cluster: EmbeddedCluster
let decide: () => void
let commits: Commits

beforeEach(async () => {
  cluster = await openEmbeddedCluster({ clock, random: seededRandom(1) })
  const decided = new Promise<void>((resolve) => {
    decide = resolve
  })
  const waiting = withFaults(cluster, { before: (call) => (call === 'commit' ? decided : undefined) })
  const outputs = new OutputBuffers()
  const parts = {
    producer: await waiting.initProducer({ transactionalId: 'w', transactionTimeoutMs: 60_000 }),
    writer: { transactionalId: 'w', incarnation: 1 },
    group: { group: 'g', memberId: '', generation: -1 },
    now: () => clock.now(),
    ...{ outputs, changelogs: new ChangelogWriter(outputs) },
  }
  commits = new Commits(() => clock.now(), { committed: () => {}, failed: () => {} })
  expect(commits.restMs(REST_MS)).toBeLessThanOrEqual(0)
  await commits.begin(parts, [], new Set())
})
afterEach(() => cluster.close())

const settle = async () => {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve))
}

test('rest is as long as the commit took, and does not begin before it has ended', async () => {
  clock.advance(25)
  await settle()
  expect(commits.restMs(REST_MS)).toBe(REST_MS)
  expect(await commits.concludeIfDecided()).toBe(false)
  decide()
  await settle()
  expect(await commits.concludeIfDecided()).toBe(true)
  expect(commits.restMs(REST_MS)).toBe(25)
  clock.advance(25)
  expect(commits.restMs(REST_MS)).toBe(0)
})

test('rest counts from the decision of the log, whenever somebody looks at it', async () => {
  decide()
  await settle()
  clock.advance(6)
  await commits.conclude()
  expect(commits.restMs(REST_MS)).toBe(4)
})
