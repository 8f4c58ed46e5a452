// Brokers that are away for a while: who only watches the log waits for them, and the application goes on.
import { expect, test } from 'vitest'
import { Retriable } from '../../core/errors.ts'
import { withFaults } from '../../kafka/embedded/fault-hooks.ts'
import { Meters } from '../support/meters.ts'

test('an application whose look at the ends of its log fails goes on, and looks again', async () => {
  const meters = await Meters.open()
  let isOut = false
  let looks = 0
  const faulty = withFaults(meters.cluster, {
    before: (call) => {
      if (!isOut || call !== 'offsets') return
      looks++
      throw new Retriable('no_broker', 'no broker can be reached')
    },
  })
  const application = await meters.start({ cluster: { ...faulty, close: async () => {} } })
  let ended = false
  const running = application.run().finally(() => {
    ended = true
  })
  const until = async (condition: () => boolean) => {
    while (!condition() && !ended) {
      meters.clock.advance(100)
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
  await until(() => application.snapshot().state === 'running')
  isOut = true
  await until(() => looks === 3)
  expect(application.snapshot().state).toBe('running')
  application.stop()
  await until(() => false)
  await running
  await application.close()
  await meters.cluster.close()
})
