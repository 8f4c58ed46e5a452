import { randomUUID } from 'node:crypto'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { ProducerFenced } from '../../../core/errors.ts'
import type { Cluster } from '../../../kafka/cluster.ts'
import { openRemoteCluster } from '../../../kafka/remote/remote-cluster.ts'
import { version1, version2 } from '../../../kafka/remote/transaction-version.ts'
import { batchOf, Trial } from '../../conformance/cluster/trial.ts'
import { useKafka } from '../../services/kafka.ts'
import { remoteOptions } from './remote-options.ts'

const kafka = useKafka()

describe.each([
  ['1', version1],
  ['2', version2],
])('a transactional producer, version %s', (_, transactionVersion) => {
  let cluster: Cluster | undefined
  let trial: Trial
  beforeEach(async () => {
    cluster ??= await openRemoteCluster({ ...remoteOptions(kafka()), transactionVersion })
    trial = new Trial({ cluster, close: async () => {} })
    await trial.createTopic()
  })
  afterAll(() => cluster?.close())

  test('keeps the order of sends that do not wait for each other', async () => {
    const producer = await trial.producer()
    for (let transaction = 0; transaction < 3; transaction++) {
      const sends = Array.from({ length: 20 }, (_, i) => trial.send(producer, [`${transaction}`, `${i}`]))
      const start = transaction * 41
      expect(await Promise.all(sends)).toEqual(sends.map((_, i) => start + i * 2))
      await producer.commit()
    }
    await trial.settled()
    const expected = [0, 1, 2].flatMap((t) => Array.from({ length: 20 }, (_, i) => [`${t}`, `${i}`]).flat())
    expect(await trial.values()).toEqual(expected)
  })

  test('sends to more partitions at once than one request may hold', async () => {
    const partitions = 120
    const wide = new Trial({ cluster: trial.cluster, close: async () => {} })
    await wide.createTopic({}, partitions)
    const producer = await wide.producer()
    const value = 'x'.repeat(900_000)
    const batches = Array.from({ length: partitions }, (_, partition) => ({
      ...{ topic: wide.topic, partition },
      records: batchOf([value]),
    }))
    expect(await producer.send(batches)).toEqual(batches.map(() => 0))
    await producer.commit()
    await trial.cluster.admin.deleteTopic(wide.topic)
  }, 60_000)

  test('may end transactions in which nothing happened', async () => {
    const producer = await trial.producer()
    await producer.commit()
    await producer.abort()
    expect(await producer.send([])).toEqual([])
    await producer.commit()
    await trial.send(producer, ['a'])
    await producer.commit()
    await producer.commit()
    await trial.settled()
    expect(await trial.values()).toEqual(['a'])
  })

  test('has ended for good when one call failed', async () => {
    const producer = await trial.producer()
    await trial.send(producer, ['lost'])
    const topic = `${trial.topic}-none`
    const missing = producer.send([{ topic, partition: 0, records: batchOf(['nowhere']) }])
    await expect(missing).rejects.toMatchObject({ name: 'ProducerFenced', code: 'unknown_topic' })
    await expect(trial.send(producer, ['late'])).rejects.toThrow(ProducerFenced)
    await expect(producer.commit()).rejects.toThrow(ProducerFenced)
    await expect(producer.abort()).rejects.toThrow(ProducerFenced)
    await trial.producer(producer.transactionalId)
    await trial.settled()
    expect(await trial.values()).toEqual([])
  })

  test.each([
    ['message_too_large', { maxMessageBytes: 100 }, ['x'.repeat(1000)], 0],
    ['invalid_timestamp', {}, ['from tomorrow'], 86_400_000],
    ['invalid_record', { cleanupPolicy: 'compact' }, ['without a key'], 0],
  ] as const)('says that no other incarnation helps against %s', async (code, config, values, later) => {
    const refusing = new Trial({ cluster: trial.cluster, close: async () => {} })
    await refusing.createTopic(config)
    const producer = await refusing.producer()
    const sent = refusing.send(producer, values, 0, Date.now() + later)
    await expect(sent).rejects.toMatchObject({ name: 'StreamsError', code, topicPartition: { topic: refusing.topic } })
    await expect(producer.commit()).rejects.toThrow(ProducerFenced)
  })

  test('begins a transaction while the one before is still being completed', async () => {
    const producer = await trial.producer()
    const values = Array.from({ length: 300 }, (_, i) => `${i}`)
    for (const value of values) {
      await trial.send(producer, [value])
      await producer.commit()
    }
    await trial.settled()
    expect(await trial.values()).toEqual(values)
  })

  test('is fenced by its transaction timeout', async () => {
    const transactionalId = randomUUID()
    const producer = await cluster?.initProducer({ transactionalId, transactionTimeoutMs: 200 })
    if (producer === undefined) throw new Error('there is a cluster')
    await trial.send(producer, ['late'])
    await trial.settled()
    await expect(producer.commit()).rejects.toThrow(ProducerFenced)
    expect(await trial.values()).toEqual([])
  })

  test('is refused a timeout that the brokers do not allow', async () => {
    const asked = cluster?.initProducer({ transactionalId: randomUUID(), transactionTimeoutMs: 86_400_000 })
    await expect(asked).rejects.toMatchObject({ name: 'StreamsError', code: 'invalid_transaction_timeout' })
  })
})
