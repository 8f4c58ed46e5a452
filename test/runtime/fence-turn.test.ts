import { expect, test } from 'vitest'
import { ManualClock } from '../../core/clock.ts'
import { seededRandom } from '../../core/random.ts'
import { defaultTopicConfig, type ProducedBatch } from '../../kafka/cluster.ts'
import { openEmbeddedCluster } from '../../kafka/embedded/embedded-cluster.ts'
import { RecordBatchWriter } from '../../kafka/record-batch/record-batch-writer.ts'
import { FenceTurn } from '../../runtime/fence-turn.ts'
import { appendFence } from '../../state/changelog.ts'

test('fences go out together when the worker has its turn, without those that are not wanted any more', async () => {
  const cluster = await openEmbeddedCluster({ clock: new ManualClock(), random: seededRandom(1) })
  await cluster.admin.createTopics([{ name: 'log', partitions: 3, config: defaultTopicConfig }])
  const producer = await cluster.initProducer({ transactionalId: 'worker', transactionTimeoutMs: 60_000 })
  let rings = 0
  const turn = new FenceTurn(() => {
    rings++
  })
  const wanted = new AbortController().signal
  const unwanted = new AbortController()
  const asked = [0, 1].map((partition) => turn.ask(fenceIn(partition), wanted))
  const given = turn.ask(fenceIn(2), unwanted.signal)
  unwanted.abort(new Error('not wanted'))
  await expect(given).rejects.toThrow('not wanted')
  expect(rings).toBe(3)

  const steps: string[] = []
  await turn.write(producer, (step) => {
    steps.push(step)
  })
  expect(await Promise.all(asked)).toEqual([0, 0])
  expect(steps).toEqual(['S3'])
  expect(turn.isAsked).toBe(false)
  const ends = await cluster.admin.offsets([0, 1, 2].map((partition) => ({ topic: 'log', partition })))
  // A fence and the end of its transaction.
  expect(ends.map(({ stable }) => stable)).toEqual([2, 2, 0])
  await cluster.close()
})

function fenceIn(partition: number): ProducedBatch {
  const records = new RecordBatchWriter()
  appendFence(records, 0, { writer: { transactionalId: 'worker', incarnation: 1 }, nonce: 'n', topologyHash: 'h' })
  return { topic: 'log', partition, records }
}
