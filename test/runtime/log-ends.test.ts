import { afterEach, beforeEach, expect, test } from 'vitest'
import { RecordBatchWriter } from '../../kafka/record-batch/record-batch-writer.ts'
import { LogEnds } from '../../runtime/log-ends.ts'
import { Meters, now } from '../support/meters.ts'
import { readings, readingsTopology } from '../support/readings.ts'

let meters: Meters
let ends: LogEnds
beforeEach(async () => {
  meters = await Meters.open()
  ends = new LogEnds(meters.cluster.admin, readingsTopology())
})
afterEach(() => meters.cluster.close())

test('tells which transaction holds readers back, and since when it has been the same', async () => {
  await meters.write(['a'])
  const { offset: before } = await stableOffset()
  const hanging = await beginTransaction('hanging')
  await ends.refresh(now)
  await meters.write(['b'])
  await ends.refresh(now + 90_000)
  expect(ends.heldBack()).toEqual([{ topic: readings.name, partition: 0, offset: before, since: now }])

  await hanging.abort()
  await ends.refresh(now + 91_000)
  expect(ends.heldBack()).toEqual([])
})

test('transactions that follow each other hold nobody back for long', async () => {
  const first = await beginTransaction('first')
  await ends.refresh(now)
  await beginTransaction('second')
  await first.abort()
  await ends.refresh(now + 30_000)
  expect(ends.heldBack()).toMatchObject([{ since: now + 30_000 }])
})

test('an application is not caught up while a transaction on one of its inputs may still bring records', async () => {
  const application = await meters.start()
  await meters.settle(application)
  const undecided = await beginTransaction('undecided')
  expect(await application.isCaughtUp()).toBe(false)
  await undecided.abort()
  await meters.settle(application)
  expect(await application.isCaughtUp()).toBe(true)
  await application.close()
})

async function stableOffset() {
  const [offsets] = await meters.cluster.admin.offsets([{ topic: readings.name, partition: 0 }])
  return { offset: offsets?.stable ?? -1 }
}

/** It writes, and does not end. */
async function beginTransaction(transactionalId: string) {
  const producer = await meters.cluster.initProducer({ transactionalId, transactionTimeoutMs: 60_000 })
  const records = new RecordBatchWriter()
  records.append(now, Buffer.from('k'), 0, 1, undefined, 0, 0, undefined, 0, 0)
  await producer.send([{ topic: readings.name, partition: 0, records }])
  return producer
}
