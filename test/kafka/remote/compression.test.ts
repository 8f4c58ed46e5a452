import { execFile, execFileSync } from 'node:child_process'
import { promisify } from 'node:util'
import { Kafka } from 'kafkajs'
import { describe, expect, test } from 'vitest'
import { openRemoteCluster } from '../../../kafka/remote/remote-cluster.ts'
import { batchOf, Trial } from '../../conformance/cluster/trial.ts'
import { useKafka } from '../../services/kafka.ts'
import { remoteOptions } from './remote-options.ts'

describe('compressed batches', () => {
  const kafka = useKafka()
  const values = Array.from({ length: 500 }, (_, i) => `${'case '.repeat(i % 20)}${i}`)

  test.each(['gzip', 'snappy', 'lz4', 'zstd'] as const)(
    'with %s are taken by a broker, come back small, and read the same',
    async (compression) => {
      const cluster = await openRemoteCluster({ ...remoteOptions(kafka()), compression })
      const trial = new Trial({ cluster, close: () => cluster.close() })
      await trial.createTopic()
      await trial.write(values)
      expect(await trial.values()).toEqual(values)
      const reader = cluster.openReader()
      const [fetched] = await reader.fetch([{ topic: trial.topic, partition: 0, offset: 0 }], {
        isolation: 'read_uncommitted',
        maxBytes: 1024 * 1024,
        maxBytesPerPartition: 1024 * 1024,
        maxWaitMs: 100,
      })
      expect(fetched?.batches.length).toBeLessThan(batchOf(values).byteLength / 2)
      await cluster.close()
    },
  )

  const codecs = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const
  test.skipIf(!hasKcat()).each(codecs)('with %s are read by librdkafka (kcat absent)', async (compression) => {
    const cluster = await openRemoteCluster({ ...remoteOptions(kafka()), compression })
    const trial = new Trial({ cluster, close: () => cluster.close() })
    await trial.createTopic()
    await trial.write(values)
    const consume = ['-C', '-q', '-e', '-b', kafka().brokers.join(','), '-t', trial.topic, '-X', 'check.crcs=true']
    const { stdout } = await promisify(execFile)('kcat', [...consume, '-f', '%s\\n'])
    expect(stdout.split('\n').slice(0, -1)).toEqual(values)
    await cluster.close()
  })

  test.each([
    ['none', 'gzip'],
    ['gzip', 'snappy'],
    ['snappy', 'lz4'],
    ['lz4', 'zstd'],
    ['zstd', 'snappy'],
  ] as const)('with %s that a broker compresses anew with %s are readable', async (compression, codec) => {
    const cluster = await openRemoteCluster({ ...remoteOptions(kafka()), compression })
    const trial = new Trial({ cluster, close: () => cluster.close() })
    const admin = new Kafka({ brokers: [...kafka().brokers], logLevel: 0 }).admin()
    await admin.connect()
    const configEntries = [{ name: 'compression.type', value: codec }]
    await admin.createTopics({ topics: [{ topic: trial.topic, numPartitions: 1, configEntries }] })
    await admin.disconnect()
    await trial.offsets()
    await trial.write(values)
    expect(await trial.values()).toEqual(values)
    await cluster.close()
  })

  test('of other clients are readable', async () => {
    const cluster = await openRemoteCluster(remoteOptions(kafka()))
    const trial = new Trial({ cluster, close: () => cluster.close() })
    await trial.createTopic()
    const client = new Kafka({ brokers: [...kafka().brokers], logLevel: 0 })
    const producer = client.producer({ idempotent: true })
    await producer.connect()
    const messages = values.map((value) => ({ value, partition: 0 }))
    await producer.send({ topic: trial.topic, compression: 1, messages })
    await producer.disconnect()
    expect(await trial.values()).toEqual(values)
    await cluster.close()
  })
})

function hasKcat(): boolean {
  try {
    execFileSync('kcat', ['-V'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}
