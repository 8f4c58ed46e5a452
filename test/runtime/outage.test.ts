// Services that are away for a while: who needs them waits, and the application goes on.
import { expect, test } from 'vitest'
import { Retriable } from '../../core/errors.ts'
import { withFaults } from '../../kafka/embedded/fault-hooks.ts'
import { MemorySink } from '../../sinks/memory-sink.ts'
import type { Sink } from '../../sinks/sink.ts'
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

test('a start waits for a sink that does not answer yet', async () => {
  const sink = new MemorySink()
  let refusals = 3
  const late: Sink = {
    kind: sink.kind,
    open: (source) => sink.open(source),
    prepare: async (tables) => {
      if (refusals-- > 0) throw new Retriable('sink_unavailable', 'nobody listens there')
      await sink.prepare(tables)
    },
    close: async () => {},
  }
  const waits: (string | undefined)[] = []
  const meters = await Meters.open()
  const application = await meters.start({
    sink: late,
    clock: { now: () => 0, sleep: async () => {} },
    patience: { waitsFor: (what) => waits.push(what) },
  })
  expect(waits).toEqual([...Array(3).fill('the sink (memory): nobody listens there'), undefined])
  await application.close()
  await meters.cluster.close()
})
