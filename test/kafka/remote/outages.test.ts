import { describe, expect, onTestFinished, test } from 'vitest'
import { systemClock } from '../../../core/clock.ts'
import { Reachability } from '../../../core/reachability.ts'
import { openRemoteCluster } from '../../../kafka/remote/remote-cluster.ts'
import type { NativeBroker } from '../../services/kafka/native-broker.ts'
import { useKafka } from '../../services/kafka.ts'
import { MARKER_LOST, NumberedLog } from './numbered-log.ts'
import { remoteOptions } from './remote-options.ts'

const count = 200
const numbers = Array.from({ length: count }, (_, number) => number)

describe('one broker', () => {
  const kafka = useKafka({ nativeOnly: true })

  let attempts = 0

  // Not stopped in good order: a broker that has given up its partitions, with nobody to take them, skips the markers of
  // transactions already decided, and their records stay behind an open transaction for ever. A killed
  // one may do so, too, when it dies at the wrong moment: that, and nothing else, gets a second attempt on a topic of its own.
  const patience = { timeout: 120_000, retry: { count: 1, condition: new RegExp(MARKER_LOST) } }
  test(
    'that is killed in the middle and started again costs a wait: every number is there once',
    patience,
    async () => {
      const [broker] = kafka().native
      const cluster = await openRemoteCluster(remoteOptions(kafka()))
      onTestFinished(() => cluster.close())
      const log = new NumberedLog(cluster, `one-${++attempts}`)
      await log.create()
      const reading = log.read(count)
      // Whoever waits for it sees its failure all the same.
      reading.catch(() => {})
      let restart: Promise<void> | undefined
      await log.write(count, async (number) => {
        // Not awaited: the writer and the reader meet a broker that is going, gone and coming.
        if (number === count / 2) restart ??= broker?.kill().then(() => broker.start())
      })
      await restart
      expect(await reading).toEqual(numbers)
      expect(log.incarnations).toBeGreaterThan(1)
      // The client for topics has met the outage, too.
      expect((await cluster.admin.describeTopics([log.topic]))[0]?.partitions).toBe(1)
    },
  )
})

describe('a broker that is away', () => {
  const kafka = useKafka({ nativeOnly: true })

  test('is known to be, why and since when, until it is back', async () => {
    const [broker] = kafka().native
    const reachability = new Reachability(systemClock)
    const cluster = await openRemoteCluster({ ...remoteOptions(kafka()), reachability })
    expect(await reachability.trouble()).toBeUndefined()
    const wentAt = systemClock.now()
    await broker?.kill()
    const asked = cluster.admin.listTopics()
    let trouble = await reachability.trouble()
    while (trouble === undefined || trouble.reason === 'no answer') {
      await systemClock.sleep(20)
      trouble = await reachability.trouble()
    }
    expect(trouble.reason).toContain(broker?.address)
    expect(trouble.since).toBeGreaterThanOrEqual(wentAt)
    await broker?.start()
    await asked
    expect(await reachability.trouble()).toBeUndefined()
    await cluster.close()
  }, 120_000)
})

describe('three brokers', () => {
  const kafka = useKafka({ brokers: 3, nativeOnly: true })

  test('of which each is away once go on without it: every number is there once', async () => {
    const cluster = await openRemoteCluster(remoteOptions(kafka()))
    const log = new NumberedLog(cluster, 'three')
    await log.create()
    const reading = log.read(count)
    const gone = new Set<NativeBroker>()
    let absent: NativeBroker | undefined
    await log.write(count, async (number) => {
      const turn = Math.floor(number / 60)
      const broker = kafka().native[turn]
      if (number % 60 !== 30 || broker === undefined || gone.has(broker)) return
      await absent?.start()
      gone.add(broker)
      absent = broker
      // One in good order, the others not.
      await (turn === 0 ? broker.stop() : broker.kill())
    })
    expect(await reading).toEqual(numbers)
    expect(gone.size).toBe(3)
    await cluster.close()
  }, 240_000)
})
