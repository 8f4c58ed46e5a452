// Who has a task, and what a death at each numbered step of taking it over or committing leaves behind.
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { days } from '../../core/duration.ts'
import { ProducerFenced, Retriable } from '../../core/errors.ts'
import type { Cluster } from '../../kafka/cluster.ts'
import { withFaults } from '../../kafka/embedded/fault-hooks.ts'
import { fixedMembership, type Membership } from '../../runtime/membership.ts'
import type { Step } from '../../runtime/steps.ts'
import type { StateBackend, TaskState } from '../../state/backend.ts'
import { MemoryBackend } from '../../state/memory/memory-backend.ts'
import { believingFences } from '../simulation/mutations.ts'
import { Meters } from '../support/meters.ts'

let meters: Meters
beforeEach(async () => {
  meters = await Meters.open()
})
afterEach(() => meters.cluster.close())

/** All tasks are ours, and a living member had them before. */
const handedOver: Membership = {
  ...fixedMembership('meters', [
    { subtopology: 0, partition: 0 },
    { subtopology: 1, partition: 0 },
  ]),
  isHandedOver: () => true,
}
const fencings = () => meters.log.filter((message) => message === 'fenced a former writer').length

describe('a task is taken over', () => {
  test('by the first one who comes, with nobody to fence', async () => {
    await meters.settle(await meters.start())
    expect(fencings()).toBe(0)
  })

  test.each([
    ['in the same state backend', true],
    ['each with a state of its own', false],
  ])('from one who has released it, with nobody to fence, %s', async (_, isShared) => {
    const shared = new MemoryBackend()
    const start = () => meters.start(isShared ? { backend: shared } : {})
    const first = await start()
    await meters.write(['a'])
    await meters.settle(first)
    await first.close()
    const second = await start()
    await meters.write(['b'])
    await meters.settle(second)
    expect(fencings()).toBe(0)
    expect(await meters.left()).toEqual({ notes: ['a', 'b'], count: 2, row: 'b' })
  })

  test('from one who could not release it, though it went in good order', async () => {
    let isForgotten = false
    const faulty = withFaults(meters.cluster, {
      before: (call) => {
        if (isForgotten && call === 'send') throw new ProducerFenced('invalid_producer_id_mapping', 'who are you?')
      },
    })
    const first = await meters.start({ cluster: { ...faulty, close: async () => {} } })
    await meters.write(['a'])
    await meters.settle(first)
    isForgotten = true
    await first.close()
    const second = await meters.start()
    await meters.write(['b'])
    await meters.settle(second)
    expect(fencings()).toBe(1)
    expect(await meters.left()).toEqual({ notes: ['a', 'b'], count: 2, row: 'b' })
  })

  test('with an empty state, for which its log is read once', async () => {
    const first = await meters.start()
    await meters.write(Array.from({ length: 200 }, (_, i) => `${i}`))
    await meters.settle(first)
    await first.close()
    const asked: number[] = []
    const second = await meters.start({ cluster: withFetches(meters.cluster, (offset) => asked.push(offset)) })
    await meters.write(['last'])
    await meters.settle(second)
    expect(asked.filter((offset) => offset === 0)).toEqual([0])
    expect(await meters.left()).toMatchObject({ count: 201, row: 'last' })
  })

  test('from one who lives and releases it in a moment, with nobody to fence', async () => {
    const first = await meters.start()
    await meters.write(['a'])
    await meters.settle(first)
    const second = await meters.start({ membership: handedOver })
    const steps = stepsOf(second, 20)
    await meters.write(['b'])
    await first.close()
    await steps
    expect(fencings()).toBe(0)
    expect(await meters.left()).toEqual({ notes: ['a', 'b'], count: 2, row: 'b' })
  })

  test('from one who lives and does not release it in time, who is fenced then', async () => {
    await meters.write(['a'])
    await meters.settle(await meters.start())
    const second = await meters.start({ membership: handedOver, config: { releaseWaitMs: 1_000 } })
    const from = meters.clock.now()
    while (meters.clock.now() < from + 800) await stepsOf(second, 1)
    expect(fencings()).toBe(0)
    while (!second.worker.isRunning()) await stepsOf(second, 1)
    expect(fencings()).toBe(1)
    await meters.write(['b'])
    await meters.settle(second)
    expect(await meters.left()).toEqual({ notes: ['a', 'b'], count: 2, row: 'b' })
  })

  test('from one who has died, who is fenced first', async () => {
    await meters.write(['a'])
    await meters.settle(await meters.start())
    await meters.write(['b'])
    await meters.settle(await meters.start())
    expect(fencings()).toBe(1)
    expect(await meters.left()).toEqual({ notes: ['a', 'b'], count: 2, row: 'b' })
  })

  test.each([
    ['in the same state backend', true],
    ['each with a state of its own', false],
  ])('from one who is still alive and goes on working: both together do each record once, %s', async (_, isShared) => {
    const shared = new MemoryBackend()
    const start = () => meters.start(isShared ? { backend: shared } : {})
    const notes: string[] = []
    const applications = [await start(), await start()]
    for (let round = 0; round < 6; round++) {
      notes.push(`${round}`)
      await meters.write([`${round}`])
      // Each believes that the task is its own, and takes it back as soon as it notices.
      for (const application of applications) await stepsOf(application, 3)
    }
    const last = await start()
    await meters.settle(last)
    expect(await meters.left()).toEqual({ notes, count: notes.length, row: '5' })
    expect(fencings()).toBeGreaterThan(1)
  })
})

describe('a copy of the state that was left alone for longer than tombstones are sure to be kept', () => {
  /** How often copies in this backend are begun anew. */
  function counted(backend: StateBackend) {
    const wipes = { count: 0, backend }
    const open: StateBackend['open'] = (...place) => {
      const state = backend.open(...place)
      const wipe: TaskState['wipe'] = (token, topicId) => {
        wipes.count++
        return state.wipe(token, topicId)
      }
      return new Proxy(state, { get: (of, name) => (name === 'wipe' ? wipe : bound(of, name)) })
    }
    wipes.backend = new Proxy(backend, { get: (of, name) => (name === 'open' ? open : bound(of, name)) })
    return wipes
  }
  const bound = (of: object, name: string | symbol): unknown => {
    const value: unknown = Reflect.get(of, name, of)
    return typeof value === 'function' ? value.bind(of) : value
  }
  const work = async (backend: StateBackend, note: string) => {
    const application = await meters.start({ backend })
    await meters.write([note])
    await meters.settle(application)
    await application.close()
  }

  test('is begun anew when commits went by', async () => {
    const copy = counted(new MemoryBackend())
    await work(copy.backend, 'a')
    await work(new MemoryBackend(), 'b')
    meters.clock.advance(days(4))
    await work(copy.backend, 'c')
    expect(copy.count).toBe(1)
    expect(await meters.left()).toMatchObject({ notes: ['a', 'b', 'c'], row: 'c' })
  })

  test('is kept when its task was idle', async () => {
    const copy = counted(new MemoryBackend())
    await work(copy.backend, 'a')
    meters.clock.advance(days(4))
    await work(copy.backend, 'b')
    expect(copy.count).toBe(0)
    expect(await meters.left()).toMatchObject({ notes: ['a', 'b'], row: 'b' })
  })
})

describe('an owner that failed behind its fence', () => {
  // The second looks, the first takes the task over, the second fences, fails before it has looked again, and opens the task once more.
  const race = async () => {
    await meters.write(['a'])
    let letGo = () => {}
    const gate = new Promise<void>((resolve) => {
      letGo = resolve
    })
    const reached: Step[] = []
    const second = await meters.start({
      at: (step) => {
        reached.push(step)
        if (step === 'S2') return gate
        if (step === 'S4' && reached.filter((one) => one === 'S4').length <= 2)
          throw new Retriable('lost', 'S4 was lost')
        return undefined
      },
    })
    const opening = stepsOf(second, 40)
    while (!reached.includes('S2')) await new Promise((resolve) => setImmediate(resolve))
    const first = await meters.start()
    await meters.settle(first)
    letGo()
    await opening
    await meters.settle(second)
    await meters.write(['b'])
    await meters.settle(second)
    await stepsOf(first, 3).catch(() => {})
    return (await meters.left()).notes
  }

  test('does not vouch for those before it: who has the task and lives is fenced', async () => {
    expect(await race()).toEqual(['a', 'b'])
  })

  test('would let both work if it were believed without a marker', async () => {
    const restore = believingFences()
    onTestFinished(restore)
    expect(await race()).toEqual(['a', 'b', 'b'])
  })
})

const steps: readonly Step[] = ['S1', 'S2', 'S3', 'S4', 'S5', 'S6', 'S7', 'R1', 'R3', 'R4a', 'R4b', 'R4c', 'R4d', 'R5']

describe.each([
  ['the same state backend', true],
  ['an empty state', false],
])('a death before a step, and a successor with %s', (_, isShared) => {
  test.each(steps)('%s changes nothing', async (step) => {
    const shared = new MemoryBackend()
    const backend = () => (isShared ? shared : new MemoryBackend())
    await meters.write(['a', 'b'])
    await meters.settle(await meters.start({ backend: backend() }))
    let deaths = 0
    for (let occurrence = 0; occurrence < 3; occurrence++) {
      await meters.write([`c${occurrence}`])
      let left = occurrence
      const at = (reached: Step) => {
        if (reached !== step || left-- !== 0) return
        deaths++
        throw new Error('killed')
      }
      const dying = await meters.start({ backend: backend(), at })
      await stepsOf(dying, 6).catch((error: Error) => expect(error.message).toBe('killed'))
    }
    expect(deaths).toBeGreaterThan(0)
    const last = await meters.start({ backend: backend() })
    await meters.write(['d'])
    await meters.settle(last)
    expect(await meters.left()).toEqual({ notes: ['a', 'b', 'c0', 'c1', 'c2', 'd'], count: 6, row: 'd' })
  })
})

/** Tells from where the changelog is fetched. */
function withFetches(cluster: Cluster, fetched: (offset: number) => void): Cluster {
  return {
    ...{ admin: cluster.admin, groups: cluster.groups },
    initProducer: (options) => cluster.initProducer(options),
    openReader: () => {
      const reader = cluster.openReader()
      return {
        fetch: (positions, options) => {
          for (const { topic, offset } of positions) if (topic.endsWith('-changelog')) fetched(offset)
          return reader.fetch(positions, options)
        },
        close: () => reader.close(),
      }
    },
    close: () => cluster.close(),
  }
}

/** A few turns; pauses between failures pass at once. */
async function stepsOf(application: Awaited<ReturnType<Meters['start']>>, count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) {
    let isDone = false
    const done = () => {
      isDone = true
    }
    const step = application.step()
    step.then(done, done)
    while (!isDone) {
      await new Promise((resolve) => setImmediate(resolve))
      meters.clock.advance(10)
    }
    await step
  }
}
