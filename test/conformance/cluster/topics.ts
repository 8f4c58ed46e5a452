// Conformance: topics, offsets, deletion of records and compaction.
import { describe, expect, test } from 'vitest'
import { OffsetOutOfRange } from '../../../core/errors.ts'
import { defaultTopicConfig } from '../../../kafka/cluster.ts'
import { eventually, type Trial } from './trial.ts'

export function topicConformance(trial: () => Trial): void {
  describe('topics', () => {
    test('creates a topic once and describes what is there', async () => {
      const { cluster, topic } = trial()
      const spec = { name: topic, partitions: 3, config: defaultTopicConfig }
      const [made] = await cluster.admin.createTopics([spec])
      const [again] = await cluster.admin.createTopics([{ ...spec, partitions: 3 }])
      expect(made).toMatchObject(spec)
      expect(again).toEqual(made)
      expect(await cluster.admin.describeTopics([`${topic}-none`, topic])).toEqual([undefined, made])
      expect(await cluster.admin.listTopics()).toContain(topic)
    })

    test('gives a topic made anew another id', async () => {
      const { cluster, topic } = trial()
      const spec = { name: topic, partitions: 1, config: defaultTopicConfig }
      const [first] = await cluster.admin.createTopics([spec])
      await cluster.admin.deleteTopic(topic)
      await eventually(async () => (await cluster.admin.describeTopics([topic]))[0] === undefined)
      const [second] = await cluster.admin.createTopics([spec])
      expect(second?.id).not.toBe(first?.id)
    })

    test('starts empty, with all offsets at 0', async () => {
      await trial().createTopic()
      expect(await trial().offsets()).toEqual({ earliest: 0, stable: 0, latest: 0 })
    })
  })

  describe('the ends of the log', () => {
    test('refuses to read beyond the end and below the start', async () => {
      await trial().createTopic()
      await trial().write(['a', 'b', 'c'])
      const { latest } = await trial().offsets()
      const reader = trial().cluster.openReader()
      const readAt = (offset: number) =>
        reader.fetch([{ topic: trial().topic, partition: 0, offset }], {
          isolation: 'read_committed',
          maxBytes: 1000,
          maxBytesPerPartition: 1000,
          maxWaitMs: 10,
        })
      await expect(readAt(latest)).resolves.toEqual([])
      await expect(readAt(latest + 1)).rejects.toThrow(OffsetOutOfRange)
      await expect(readAt(-5)).rejects.toThrow(OffsetOutOfRange)
      await trial().cluster.admin.deleteRecords([{ topic: trial().topic, partition: 0, before: 2 }])
      await expect(readAt(1)).rejects.toMatchObject({ topicPartition: { topic: trial().topic, partition: 0 } })
      await reader.close()
    })

    test('forgets the records below the asked offset', async () => {
      await trial().createTopic()
      await trial().write(['a', 'b', 'c'])
      await trial().cluster.admin.deleteRecords([{ topic: trial().topic, partition: 0, before: 2 }])
      expect(await trial().offsets()).toEqual({ earliest: 2, stable: 4, latest: 4 })
      expect(await trial().values()).toEqual(['c'])
    })
  })

  test('compaction keeps the newest committed value of each key, at its offset', async (context) => {
    const { under, topic } = trial()
    if (under.compact === undefined) return context.skip('compaction cannot be forced here')
    // One MiB is the smallest segment that a broker allows.
    await trial().createTopic({ cleanupPolicy: 'compact', segmentBytes: 1024 * 1024, minCompactionLagMs: 0 }, 1)
    const padding = 'x'.repeat(300_000)
    await trial().write(['a=1', 'b=1', 'c=1'])
    const aborting = await trial().producer()
    await trial().send(aborting, ['a=aborted'])
    await aborting.abort()
    await trial().write(['a=2', 'b='])
    for (let i = 0; i < 8; i++) await trial().write([`filler=${padding}`])
    const end = (await trial().offsets()).latest
    await under.compact(topic)
    const rows = await trial().read()
    expect(
      rows.filter(({ key }) => key !== 'filler').map(({ offset, key, value }) => ({ offset, key, value })),
    ).toEqual([
      { offset: 2, key: 'c', value: '1' },
      { offset: 6, key: 'a', value: '2' },
      { offset: 7, key: 'b', value: undefined },
    ])
    expect(rows.at(-1)).toMatchObject({ key: 'filler', offset: end - 2 })
    expect((await trial().offsets()).latest).toBe(end)
  })
}
