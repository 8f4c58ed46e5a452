import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ManualClock } from '../../../core/clock.ts'
import { minutes, seconds } from '../../../core/duration.ts'
import { ProducerFenced } from '../../../core/errors.ts'
import { seededRandom } from '../../../core/random.ts'
import { defaultTopicConfig, type TopicConfig } from '../../../kafka/cluster.ts'
import { openEmbeddedCluster } from '../../../kafka/embedded/embedded-cluster.ts'
import { MemoryStorage } from '../../../kafka/embedded/storage/memory-storage.ts'
import { type Row, Trial } from '../../conformance/cluster/trial.ts'

/** A cluster with one topic of one partition, a clock to move, and a storage to look into. */
async function scene(config: Partial<TopicConfig>) {
  const clock = new ManualClock(1_000_000)
  const storage = new MemoryStorage()
  const open = () => openEmbeddedCluster({ storage, clock, random: seededRandom(3) })
  let cluster = await open()
  const full = { ...defaultTopicConfig, segmentBytes: 500, timestampType: 'LogAppendTime' as const, ...config }
  await cluster.admin.createTopics([{ name: 't', partitions: 1, config: full }])
  const trial = () => new Trial({ cluster, close: async () => {} }, 't')
  const files = () => storage.list(`topics/${storage.list('topics')[0]}/0`).filter((name) => name.endsWith('.log'))
  return {
    clock,
    storage,
    trial,
    segments: () => files().length,
    maintain: () => cluster.maintain(),
    init: (transactionalId: string, transactionTimeoutMs = seconds(30)) =>
      cluster.initProducer({ transactionalId, transactionTimeoutMs }),
    reopen: async () => {
      await cluster.close()
      cluster = await open()
    },
    /** Each text is one committed transaction. */
    write: async (...values: string[]) => {
      const producer = await cluster.initProducer({ transactionalId: 'writer', transactionTimeoutMs: seconds(30) })
      for (const value of values) {
        await trial().send(producer, [value])
        await producer.commit()
      }
    },
  }
}

const shown = (rows: readonly Row[]) => rows.map(({ key, value }) => `${key}=${value ?? ''}`)
const padding = Array.from({ length: 8 }, (_, i) => `padding${i}=${'x'.repeat(60)}`)

describe('retention', () => {
  test('deletes the segments whose newest record is too old', async () => {
    const { clock, trial, write, maintain, segments } = await scene({ retentionMs: minutes(10) })
    await write('a', 'b', 'c', 'd', 'e', 'f')
    clock.advance(minutes(9))
    await write('young')
    await maintain()
    expect((await trial().offsets()).earliest).toBe(0)
    clock.advance(minutes(2))
    await maintain()
    expect((await trial().offsets()).earliest).toBeGreaterThan(0)
    expect(await trial().values()).toContain('young')
    clock.advance(minutes(20))
    await maintain()
    expect(await trial().values()).toEqual([])
    expect(segments()).toBe(1)
    await write('later')
    expect(await trial().values()).toEqual(['later'])
  })

  test('keeps everything for ever when the topic says so', async () => {
    const { clock, trial, write, maintain } = await scene({ retentionMs: -1 })
    await write('a', 'b', 'c', 'd', 'e', 'f')
    clock.advance(minutes(1_000_000))
    await maintain()
    expect(await trial().values()).toEqual(['a', 'b', 'c', 'd', 'e', 'f'])
  })

  test('drops whole segments below the start of the log, which survives a restart', async () => {
    const { trial, write, segments, reopen } = await scene({})
    await write(...padding)
    const before = segments()
    await trial().cluster.admin.deleteRecords([{ topic: 't', partition: 0, before: 9 }])
    expect(segments()).toBeLessThan(before)
    await reopen()
    expect((await trial().offsets()).earliest).toBe(9)
    expect((await trial().read()).map(({ offset }) => offset)).toEqual([10, 12, 14])
  })
})

describe('compaction', () => {
  const compacted = {
    cleanupPolicy: 'compact',
    minCompactionLagMs: minutes(1),
    deleteRetentionMs: minutes(60),
  } as const

  test('leaves records alone that are younger than the lag', async () => {
    const { clock, trial, write, maintain } = await scene(compacted)
    await write('a=1', 'a=2', ...padding)
    await maintain()
    expect(shown(await trial().read()).slice(0, 2)).toEqual(['a=1', 'a=2'])
    clock.advance(minutes(2))
    await maintain()
    expect(shown(await trial().read())[0]).toBe('a=2')
  })

  test('keeps a tombstone for its retention, then drops it', async () => {
    const { clock, trial, write, maintain } = await scene(compacted)
    await write('a=1', 'a=', ...padding)
    clock.advance(minutes(2))
    await maintain()
    expect(shown(await trial().read())[0]).toBe('a=')
    clock.advance(minutes(61))
    await write(...padding, ...padding)
    clock.advance(minutes(2))
    await maintain()
    expect(shown(await trial().read())).not.toContain('a=')
  })

  test('never touches records behind the last stable offset', async () => {
    const { clock, trial, write, maintain, init } = await scene(compacted)
    const slow = await init('slow', minutes(60))
    await trial().send(slow, ['open=1'])
    await write('a=1', 'a=2', ...padding)
    clock.advance(minutes(2))
    const before = await trial().read('read_uncommitted')
    await maintain()
    expect(await trial().read('read_uncommitted')).toEqual(before)
    await slow.commit()
    await maintain()
    expect(shown(await trial().read())).not.toContain('a=1')
  })

  test('leaves what a reader folds from the log as it was, over any number of passes and restarts', async () => {
    const step = fc.record({
      key: fc.constantFrom('a', 'b', 'c', 'd'),
      value: fc.constantFrom('', '1', '2', '3'),
      isAborted: fc.boolean(),
      afterwards: fc.constantFrom('go on', 'go on', 'go on', 'maintain', 'reopen'),
    })
    const property = fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const { clock, trial, maintain, init, reopen } = await scene({ ...compacted, minCompactionLagMs: 0 })
      const expected = new Map<string, string>()
      let producer = await init('writer')
      for (const { key, value, isAborted, afterwards } of steps) {
        await trial().send(producer, [`${key}=${value}`])
        await (isAborted ? producer.abort() : producer.commit())
        if (!isAborted) expected.set(key, value)
        clock.advance(minutes(10))
        if (afterwards === 'maintain') await maintain()
        if (afterwards !== 'reopen') continue
        await reopen()
        producer = await init('writer')
      }
      const end = (await trial().offsets()).latest
      expect(end).toBe(steps.length * 2)
      const folded = new Map((await trial().read()).map(({ key, value }) => [key ?? '', value ?? '']))
      expect(withoutDeleted(folded)).toEqual(withoutDeleted(expected))
    })
    await fc.assert(property, { numRuns: 100 })
  })
})

const withoutDeleted = (table: ReadonlyMap<string, string>) => new Map([...table].filter(([, value]) => value !== ''))

test('a damaged log is reported, never cut off', async () => {
  const { storage, write, reopen } = await scene({ segmentBytes: 10_000 })
  await write('a', 'b', 'c')
  const [path = ''] = storage.list('topics').map((topic) => `topics/${topic}/0/${'0'.repeat(20)}.log`)
  const bytes = storage.read(path) ?? Buffer.alloc(0)
  bytes.writeUInt8(bytes.readUInt8(65) ^ 1, 65)
  storage.replace(path, bytes)
  await expect(reopen()).rejects.toMatchObject({ code: 'corrupt_log' })
})

describe('a transaction left open', () => {
  test('is aborted when its time is over, and its producer is fenced', async () => {
    const { clock, trial, maintain, init } = await scene({})
    const producer = await init('slow')
    await trial().send(producer, ['lost'])
    clock.advance(seconds(29))
    await maintain()
    expect((await trial().offsets()).stable).toBe(0)
    clock.advance(seconds(2))
    await maintain()
    expect((await trial().offsets()).stable).toBe(2)
    await expect(producer.commit()).rejects.toThrow(ProducerFenced)
    expect(await trial().values()).toEqual([])
  })
})
