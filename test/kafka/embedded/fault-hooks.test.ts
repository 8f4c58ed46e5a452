import { describe, expect, test } from 'vitest'
import { ManualClock } from '../../../core/clock.ts'
import { Retriable } from '../../../core/errors.ts'
import { seededRandom } from '../../../core/random.ts'
import { openEmbeddedCluster } from '../../../kafka/embedded/embedded-cluster.ts'
import type { ClusterCall } from '../../../kafka/embedded/fault-hooks.ts'
import { Trial } from '../../conformance/cluster/trial.ts'

/** A cluster whose next call of the name in `failing` fails at that moment. */
async function scene() {
  const failing: { before?: ClusterCall; after?: ClusterCall } = {}
  const fail = (moment: 'before' | 'after') => (call: ClusterCall) => {
    if (failing[moment] !== call) return
    delete failing[moment]
    throw new Retriable('broken', `${call} broke`)
  }
  const faults = { before: fail('before'), after: fail('after') }
  const cluster = await openEmbeddedCluster({ clock: new ManualClock(), random: seededRandom(1), faults })
  const trial = new Trial({ cluster, close: async () => {} })
  await trial.createTopic()
  return { cluster, trial, failing }
}

describe('fault hooks', () => {
  test('a commit that fails before is not applied', async () => {
    const { trial, failing } = await scene()
    const producer = await trial.producer()
    await trial.send(producer, ['a'])
    failing.before = 'commit'
    await expect(producer.commit()).rejects.toThrow('commit broke')
    expect(await trial.values()).toEqual([])
  })

  test('a commit that fails after is applied, its answer lost', async () => {
    const { trial, failing } = await scene()
    const producer = await trial.producer()
    await trial.send(producer, ['a'])
    failing.after = 'commit'
    await expect(producer.commit()).rejects.toThrow('commit broke')
    expect(await trial.values()).toEqual(['a'])
  })
})

test('a closed cluster refuses those who outlived it', async () => {
  const { cluster, trial } = await scene()
  const producer = await trial.producer()
  await cluster.close()
  const closed = expect.objectContaining({ code: 'cluster_closed' })
  await expect(trial.send(producer, ['late'])).rejects.toEqual(closed)
  await expect(producer.commit()).rejects.toEqual(closed)
  await expect(trial.producer()).rejects.toEqual(closed)
})
