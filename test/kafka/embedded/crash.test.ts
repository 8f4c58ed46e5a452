// The process may die at every byte it writes: transactions stay atomic over partitions and group positions, and what was answered stays.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ManualClock } from '../../../core/clock.ts'
import { seededRandom } from '../../../core/random.ts'
import { defaultTopicConfig } from '../../../kafka/cluster.ts'
import { type EmbeddedCluster, openEmbeddedCluster } from '../../../kafka/embedded/embedded-cluster.ts'
import type { LogStorage } from '../../../kafka/embedded/storage/log-storage.ts'
import { batchOf, Trial } from '../../conformance/cluster/trial.ts'
import { RecordingStorage } from './recording-storage.ts'

const partitions = [0, 1, 2]
const place = { topic: 'trial', partition: 0 }

interface SentTransaction {
  readonly name: string
  readonly partitions: readonly number[]
  /** Storage changes when the commit was asked for and when it was answered; infinite when that never happened. */
  askedAt: number
  answeredAt: number
}

const openOver = (storage: LogStorage, seed: number) =>
  openEmbeddedCluster({ storage, clock: new ManualClock(1_000_000), random: seededRandom(seed) })

/** Two producers in turn write, commit, abort, are replaced; segments roll, compaction runs. */
async function runWorkload(storage: RecordingStorage, seed: number): Promise<SentTransaction[]> {
  const random = seededRandom(seed)
  const cluster = await openOver(storage, seed)
  const config = { ...defaultTopicConfig, cleanupPolicy: 'compact' as const, segmentBytes: 700, minCompactionLagMs: 0 }
  await cluster.admin.createTopics([{ name: 'trial', partitions: partitions.length, config }])
  const ids = ['one', 'two']
  const init = (transactionalId: string) => cluster.initProducer({ transactionalId, transactionTimeoutMs: 60_000 })
  const producers = await Promise.all(ids.map(init))
  const open: (SentTransaction | undefined)[] = []
  const all: SentTransaction[] = []
  for (let turn = 0; turn < 60; turn++) {
    const who = Math.floor(random() * ids.length)
    const producer = producers[who]
    const transaction = open[who]
    if (producer === undefined) continue
    if (transaction === undefined) {
      const sent = {
        name: `t${turn}`,
        partitions: partitions.filter(() => random() < 0.7),
        askedAt: Infinity,
        answeredAt: Infinity,
      }
      for (const partition of sent.partitions) {
        await producer.send([{ topic: 'trial', partition, records: batchOf([`${sent.name}=${sent.name}`]) }])
      }
      await producer.sendOffsets({ group: 'g', generation: -1, memberId: '' }, [{ ...place, offset: turn }])
      open[who] = sent
      all.push(sent)
      continue
    }
    open[who] = undefined
    const fate = random()
    if (fate < 0.2) await producer.abort()
    else if (fate < 0.35) producers[who] = await init(ids[who] ?? '')
    else {
      transaction.askedAt = storage.changes
      await producer.commit()
      transaction.answeredAt = storage.changes
    }
    if (random() < 0.1) await cluster.maintain()
  }
  return all
}

async function visibleIn(cluster: EmbeddedCluster): Promise<Set<string | undefined>[]> {
  const trial = new Trial({ cluster, close: async () => {} }, 'trial')
  return await Promise.all(
    partitions.map(async (partition) => new Set(await trial.values('read_committed', partition))),
  )
}

describe('the embedded cluster after a crash', () => {
  test('has every transaction whole or not at all, wherever the process died', async () => {
    // Integers, because fc.double mostly draws numbers next to 0.
    const thousandth = fc.integer({ min: 0, max: 999 }).map((n) => n / 1000)
    const property = fc.asyncProperty(fc.integer(), thousandth, thousandth, checkCrash)
    await fc.assert(property, { numRuns: 200 })
  })
})

async function checkCrash(seed: number, where: number, part: number): Promise<void> {
  const storage = new RecordingStorage()
  const transactions = await runWorkload(storage, seed)
  const died = Math.floor(where * storage.changes)
  const remains = storage.crashedAfter(died, part)
  const cluster = await openOver(remains, seed + 1)
  if ((await cluster.admin.listTopics()).length === 0) return
  const visible = await visibleIn(cluster)
  let position: number | undefined
  for (const { name, partitions: touched, askedAt, answeredAt } of inCommitOrder(transactions)) {
    const shown = touched.filter((partition) => visible[partition]?.has(name))
    expect([0, touched.length], `${name} on partitions ${shown} of ${touched}`).toContain(shown.length)
    if (answeredAt <= died) expect(shown, `${name} was answered`).toEqual(touched)
    if (askedAt > died) expect(shown, `${name} was never committed`).toEqual([])
    if (answeredAt <= died || (shown.length > 0 && touched.length > 0)) position = Number(name.slice(1))
  }
  const undecided = transactions.find(
    ({ askedAt, answeredAt, partitions: touched }) => askedAt <= died && answeredAt > died && touched.length === 0,
  )
  if (undecided === undefined) expect(await cluster.admin.committed('g', [place])).toEqual([position])
  await expectGoesOn(cluster, remains, seed)
}

const inCommitOrder = (transactions: readonly SentTransaction[]) =>
  transactions.toSorted((a, b) => a.askedAt - b.askedAt || 0)

/** Nothing is left open, writing works, and another start finds the same. */
async function expectGoesOn(cluster: EmbeddedCluster, storage: LogStorage, seed: number): Promise<void> {
  const producer = await cluster.initProducer({ transactionalId: 'one', transactionTimeoutMs: 60_000 })
  for (const partition of partitions) await producer.send([{ topic: 'trial', partition, records: batchOf(['later']) }])
  await producer.commit()
  const visible = await visibleIn(cluster)
  expect(visible.every((values) => values.has('later'))).toBe(true)
  const offsets = await cluster.admin.offsets(partitions.map((partition) => ({ topic: 'trial', partition })))
  for (const { stable, latest } of offsets) expect(stable).toBe(latest)
  const again = await openOver(storage, seed + 2)
  expect(await visibleIn(again)).toEqual(visible)
  expect(await again.admin.offsets(partitions.map((partition) => ({ topic: 'trial', partition })))).toEqual(offsets)
}
