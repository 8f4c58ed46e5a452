// Counts of what became of records: over the data's whole life, the same however often the application died, and adding up at each step.
import { expect, test } from 'vitest'
import { seededRandom } from '../../core/random.ts'
import { Accounting, splitCount } from '../../runtime/accounting.ts'
import type { ApplicationSnapshot } from '../../runtime/snapshot.ts'
import { TopologyTestDriver } from '../../testing.ts'
import { expected, orders, orderTopology, someOrders } from '../simulation/orders.ts'

const rows = someOrders(seededRandom(11), 300)

async function snapshotAfter(batch: number, dies: (batch: number) => boolean): Promise<ApplicationSnapshot> {
  const driver = await TopologyTestDriver.open(orderTopology())
  for (let at = 0; at < rows.length; at += batch) {
    await driver.input(orders).pipe(...rows.slice(at, at + batch).map(({ id, order }) => ({ key: id, value: order })))
    if (dies(at / batch)) await driver.crash()
  }
  const snapshot = driver.snapshot()
  await driver.close()
  return snapshot
}

/** Of stream nodes: sinks count since the process began. */
function lifeCounts({ nodes }: ApplicationSnapshot) {
  return nodes
    .filter(({ subtopology }) => subtopology <= 1)
    .map(({ node, in: received, outcomes }) => ({ node, received, outcomes }))
}

test('the counts of a run that died and went on are those of one that did not', async () => {
  const undisturbed = await snapshotAfter(300, () => false)
  const disturbed = await snapshotAfter(20, (batch) => batch % 3 === 0)
  expect(sourceCounts(disturbed)).toEqual(sourceCounts(undisturbed))
  expect(lifeCounts(disturbed).map(({ node }) => node)).toEqual(lifeCounts(undisturbed).map(({ node }) => node))
})

test('every record read is accepted, a conflict, a duplicate, stale or a dead letter', async () => {
  const { accepted: versions, bad } = expected(rows)
  const counts = sourceCounts(await snapshotAfter(50, (batch) => batch === 2))
  const { accepted = 0, conflict = 0, duplicate = 0, stale = 0, 'dead_letter:amount': letters = 0 } = counts.outcomes
  expect(counts.received).toBe(rows.length)
  expect(accepted + conflict + duplicate + stale + letters).toBe(rows.length)
  expect(letters).toBe(bad)
  expect(accepted + conflict).toBe([...versions.values()].reduce((sum, all) => sum + all.length, 0))
})

test('a settled application has nothing left to read, and its stores say how much they hold', async () => {
  const { tasks } = await snapshotAfter(100, () => false)
  for (const { inputs } of tasks) for (const { committed, end } of inputs) expect(committed).toBe(end)
  const entries = tasks.flatMap(({ stores }) => stores.filter(({ store }) => store === 'orders'))
  expect(entries.reduce((sum, store) => sum + store.entries, 0)).toBe(expected(rows).accepted.size)
})

test('totals go through a marker and back; a node may have slashes in its name', () => {
  const accounting = new Accounting()
  accounting.add('a/b', 'in', 3)
  accounting.add('a/b', 'dead_letter:decode')
  accounting.add('c', 'late')
  const again = new Accounting(accounting.totals())
  again.add('c', 'late')
  expect(again.totals()).toEqual({ 'a/b/in': 3, 'a/b/dead_letter:decode': 1, 'c/late': 2 })
  expect(splitCount('a/b/in')).toEqual({ node: 'a/b', what: 'in' })
})

/** What the task that reads from outside has counted. */
function sourceCounts({ nodes }: ApplicationSnapshot) {
  const own = nodes.filter(({ subtopology }) => subtopology === 0)
  const outcomes: Record<string, number> = {}
  for (const node of own)
    for (const [outcome, count] of Object.entries(node.outcomes)) outcomes[outcome] = (outcomes[outcome] ?? 0) + count
  return { received: own[0]?.in ?? 0, outcomes }
}
