// Conformance: what a transaction shows to whom, and who may no longer take part in one.
import { randomUUID } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { ProducerFenced } from '../../../core/errors.ts'
import { seededRandom } from '../../../core/random.ts'
import type { TransactionalProducer } from '../../../kafka/cluster.ts'
import { batchOf, type Trial } from './trial.ts'

export function transactionConformance(trial: () => Trial): void {
  describe('transactions', () => {
    test('shows what is committed, hides what is aborted', async () => {
      await trial().createTopic()
      const producer = await trial().producer()
      await trial().send(producer, ['a', 'b'])
      await producer.commit()
      await trial().send(producer, ['c'])
      await producer.abort()
      await trial().send(producer, ['d'])
      await producer.commit()
      await trial().settled()
      expect(await trial().values()).toEqual(['a', 'b', 'd'])
      expect(await trial().values('read_uncommitted')).toEqual(['a', 'b', 'c', 'd'])
    })

    test('answers with the base offset of each batch, in the order given', async () => {
      await trial().createTopic()
      const { topic } = trial()
      const producer = await trial().producer()
      await trial().send(producer, ['a', 'b'], 1)
      const offsets = await producer.send([
        { topic, partition: 1, records: batchOf(['c']) },
        { topic, partition: 0, records: batchOf(['d', 'e']) },
      ])
      await producer.commit()
      expect(offsets).toEqual([2, 0])
    })

    test('holds the last stable offset back while a transaction is open', async () => {
      await trial().createTopic()
      const slow = await trial().producer()
      await trial().send(slow, ['slow'])
      const fast = await trial().producer()
      await trial().send(fast, ['fast'])
      await fast.commit()
      expect((await trial().offsets()).stable).toBe(0)
      expect(await trial().values()).toEqual([])
      await slow.commit()
      await trial().settled()
      expect(await trial().values()).toEqual(['slow', 'fast'])
    })

    test('commits all partitions or none', async () => {
      await trial().createTopic()
      const producer = await trial().producer()
      for (const partition of [0, 1]) await trial().send(producer, [`p${partition}`], partition)
      await producer.abort()
      for (const partition of [0, 1]) await trial().settled(partition)
      expect([await trial().values('read_committed', 0), await trial().values('read_committed', 1)]).toEqual([[], []])
    })

    test('filters interleaved transactions of several producers', async () => {
      await trial().createTopic({}, 1)
      const seed = 4711
      const expected = await interleave(trial(), seed)
      await trial().settled()
      expect((await trial().values()).toSorted(), `seed ${seed}`).toEqual(expected.toSorted())
    })

    test('ends the open transaction of a predecessor as aborted', async () => {
      await trial().createTopic()
      const id = randomUUID()
      await trial().send(await trial().producer(id), ['lost'])
      const successor = await trial().producer(id)
      await trial().settled()
      await trial().send(successor, ['kept'])
      await successor.commit()
      await trial().settled()
      expect(await trial().values()).toEqual(['kept'])
    })

    test.each(['send', 'sendOffsets', 'commit', 'abort'] as const)('fences a zombie at %s', async (call) => {
      await trial().createTopic()
      const { topic } = trial()
      const id = randomUUID()
      const zombie = await trial().producer(id)
      await trial().send(zombie, ['lost'])
      await trial().producer(id)
      const calls = {
        send: () => trial().send(zombie, ['late']),
        sendOffsets: () =>
          zombie.sendOffsets({ group: id, generation: -1, memberId: '' }, [{ topic, partition: 0, offset: 1 }]),
        commit: () => zombie.commit(),
        abort: () => zombie.abort(),
      }
      await expect(calls[call]()).rejects.toThrow(ProducerFenced)
      await trial().settled()
      expect(await trial().values()).toEqual([])
    })
  })

  describe('positions of a group', () => {
    test('moves with a commit, not with an abort', async () => {
      await trial().createTopic()
      const { cluster, topic } = trial()
      const group = randomUUID()
      const metadata = { group, generation: -1, memberId: '' }
      const places = [0, 1].map((partition) => ({ topic, partition }))
      const producer = await trial().producer()
      await producer.sendOffsets(metadata, [{ topic, partition: 0, offset: 5 }])
      await producer.commit()
      expect(await cluster.admin.committed(group, places)).toEqual([5, undefined])
      await producer.sendOffsets(metadata, [{ topic, partition: 0, offset: 9 }])
      await producer.abort()
      expect(await cluster.admin.committed(group, places)).toEqual([5, undefined])
    })

    test('waits for an open transaction to decide', async () => {
      await trial().createTopic()
      const { cluster, topic } = trial()
      const group = randomUUID()
      const producer = await trial().producer()
      await producer.sendOffsets({ group, generation: -1, memberId: '' }, [{ topic, partition: 0, offset: 7 }])
      const asked = cluster.admin.committed(group, [{ topic, partition: 0 }])
      await producer.commit()
      expect(await asked).toEqual([7])
    })

    test('can be set without a transaction', async () => {
      await trial().createTopic()
      const { cluster, topic } = trial()
      const group = randomUUID()
      await cluster.admin.commitOffsets(group, [{ topic, partition: 1, offset: 3 }])
      expect(await cluster.admin.committed(group, [{ topic, partition: 1 }])).toEqual([3])
    })
  })
}

/** Three producers take random turns in one partition; returns what they committed. */
async function interleave(trial: Trial, seed: number): Promise<string[]> {
  const random = seededRandom(seed)
  const producers = await Promise.all([0, 1, 2].map(() => trial.producer()))
  const open = new Map<TransactionalProducer, string[]>()
  const committed: string[] = []
  for (let turn = 0; turn < 60; turn++) {
    const producer = producers[Math.floor(random() * producers.length)]
    if (producer === undefined) continue
    const sent = open.get(producer) ?? []
    if (sent.length === 0 || random() < 0.6) {
      await trial.send(producer, [`turn ${turn}`])
      open.set(producer, [...sent, `turn ${turn}`])
      continue
    }
    open.delete(producer)
    if (random() < 0.5) await producer.abort()
    else {
      await producer.commit()
      committed.push(...sent)
    }
  }
  for (const producer of open.keys()) await producer.abort()
  return committed
}
