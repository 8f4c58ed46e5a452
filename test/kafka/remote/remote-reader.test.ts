import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import type { Cluster, FetchedPartition, FetchOptions, LogReader } from '../../../kafka/cluster.ts'
import { batchBaseOffset, batchLastOffset, wholeBatchBytes } from '../../../kafka/record-batch/batch-header.ts'
import { openRemoteCluster } from '../../../kafka/remote/remote-cluster.ts'
import { Trial } from '../../conformance/cluster/trial.ts'
import { useKafka } from '../../services/kafka.ts'
import { remoteOptions } from './remote-options.ts'

const kafka = useKafka()
const options: FetchOptions = {
  isolation: 'read_committed',
  maxBytes: 3_000,
  maxBytesPerPartition: 3_000,
  maxWaitMs: 200,
}

describe('a remote reader', () => {
  let cluster: Cluster | undefined
  let trial: Trial
  let reader: LogReader
  beforeEach(async () => {
    cluster ??= await openRemoteCluster(remoteOptions(kafka()))
    trial = new Trial({ cluster, close: async () => {} })
    await trial.createTopic()
    reader = cluster.openReader()
    const producer = await trial.producer()
    for (let i = 0; i < 20; i++)
      for (const partition of [0, 1]) await trial.send(producer, ['x'.repeat(900)], partition)
    await producer.commit()
    for (const partition of [0, 1]) await trial.settled(partition)
  })
  afterAll(() => cluster?.close())

  const readAt = (offset: number, partition = 0) => reader.fetch([{ topic: trial.topic, partition, offset }], options)

  test('goes where it is told, although it has read ahead', async () => {
    const [first] = await readAt(0)
    expect(rangeOf(first)).toEqual([0, 2])
    const [ahead] = await readAt(3)
    expect(rangeOf(ahead)).toEqual([3, 5])
    const [back] = await readAt(1)
    expect(rangeOf(back)).toEqual([1, 3])
    const [other] = await readAt(7, 1)
    expect(other?.partition).toBe(1)
    expect(rangeOf(other)).toEqual([7, 9])
    await reader.close()
  })

  test('gives every partition its turn', async () => {
    const positions = [0, 1].map((partition) => ({ topic: trial.topic, partition, offset: 0 }))
    const turns: number[] = []
    for (let round = 0; round < 4; round++) {
      const [fetched] = await reader.fetch(positions, { ...options, maxBytes: 1_000 })
      const position = positions.find(({ partition }) => partition === fetched?.partition)
      if (fetched === undefined || position === undefined) continue
      turns.push(fetched.partition)
      position.offset = (rangeOf(fetched)[1] ?? 0) + 1
    }
    expect(turns).toEqual([0, 1, 0, 1])
    await reader.close()
  })

  test('what it returned stays whole while it reads ahead', async () => {
    const [first] = await readAt(0)
    const before = Buffer.from(first?.batches ?? [])
    await trial.write(['more'])
    expect(first?.batches.equals(before)).toBe(true)
    await reader.close()
  })

  test('that is sent elsewhere while it waits does not wait on', async () => {
    const idle = new AbortController()
    const end = { topic: trial.topic, partition: 0, offset: 21 }
    const waiting = reader.fetch([end], { ...options, maxWaitMs: 20_000, signal: idle.signal })
    idle.abort()
    expect(await waiting).toEqual([])
    const begun = performance.now()
    const [fetched] = await readAt(0, 1)
    expect(rangeOf(fetched)).toEqual([0, 2])
    expect(performance.now() - begun).toBeLessThan(5_000)
    await reader.close()
  }, 15_000)

  test('that waits is ended by closing it', async () => {
    const waiting = reader.fetch([{ topic: trial.topic, partition: 0, offset: 21 }], { ...options, maxWaitMs: 30_000 })
    await reader.close()
    await expect(waiting).rejects.toMatchObject({ code: 'reader_closed' })
    await expect(readAt(0)).rejects.toMatchObject({ code: 'reader_closed' })
  }, 5_000)

  test('names a topic that is not there, and a partition', async () => {
    const missing = reader.fetch([{ topic: `${trial.topic}-none`, partition: 0, offset: 0 }], options)
    await expect(missing).rejects.toMatchObject({ name: 'StreamsError', code: 'unknown_topic' })
    await expect(readAt(0, 9)).rejects.toMatchObject({ code: 'unknown_partition', topicPartition: { partition: 9 } })
    await reader.close()
  })
})

/** First and last offset of what was fetched. */
function rangeOf(fetched: FetchedPartition | undefined): number[] {
  if (fetched === undefined) return []
  const { batches } = fetched
  let last = 0
  for (let at = 0; at < batches.length; at += wholeBatchBytes(batches, at) ?? batches.length) last = at
  return [batchBaseOffset(batches, 0), batchLastOffset(batches, last)]
}
