// What others do to the topics of an application that runs.
import { afterEach, beforeEach, expect, test } from 'vitest'
import { minutes } from '../../core/duration.ts'
import { Retriable } from '../../core/errors.ts'
import { withFaults } from '../../kafka/embedded/fault-hooks.ts'
import type { Application } from '../../runtime/application.ts'
import { prepareTopics } from '../../runtime/internal-topics.ts'
import { Meters } from '../support/meters.ts'
import { hourly, readingsTopology } from '../support/readings.ts'

let meters: Meters
beforeEach(async () => {
  meters = await Meters.open()
})
afterEach(() => meters.cluster.close())

/** Runs an application for a while; returns what it ended with before that, if it has. */
async function live(application: Application, ms: number): Promise<unknown> {
  let failure: unknown
  let hasEnded = false
  const running = application
    .run()
    .catch((error: unknown) => {
      failure = error
    })
    .finally(() => {
      hasEnded = true
    })
  for (let at = 0; !hasEnded; at += 100) {
    if (at > ms) application.stop()
    meters.clock.advance(100)
    await new Promise((resolve) => setImmediate(resolve))
  }
  await running
  await application.close()
  return failure
}

test('an application ends when one of its topics was made anew, though nobody reads it', async () => {
  const application = await meters.start()
  await meters.cluster.admin.deleteTopic(hourly.name)
  await prepareTopics(meters.cluster.admin, readingsTopology().topics)
  expect(await live(application, minutes(2))).toMatchObject({ code: 'topic_recreated' })
})

test.each([
  ['partitions', { partitions: 7 }, /topic hourly has 7 partitions, but its definition says 1/],
  ['a cleanup policy', {}, /topic hourly has cleanup\.policy=compact instead of delete/],
])('an application ends when somebody gives an output other %s', async (_, change, message) => {
  let isChanged = false
  const { admin, ...cluster } = withFaults(meters.cluster, {})
  const changed = {
    ...admin,
    describeTopics: async (names: readonly string[]) =>
      (await admin.describeTopics(names)).map((topic) =>
        isChanged && topic?.name === hourly.name
          ? { ...topic, ...change, config: { ...topic.config, cleanupPolicy: 'compact' as const } }
          : topic,
      ),
  }
  const application = await meters.start({ cluster: { ...cluster, admin: changed, close: async () => {} } })
  isChanged = true
  expect(await live(application, minutes(2))).toMatchObject({
    code: 'topic_mismatch',
    message: expect.stringMatching(message),
  })
})

test('an application whose topics cannot be looked at for a while goes on', async () => {
  let looks = 0
  const faulty = withFaults(meters.cluster, {
    before: (call) => {
      if (call === 'describeTopics' && looks++ > 0) throw new Retriable('no_broker', 'no broker can be reached')
    },
  })
  const application = await meters.start({ cluster: { ...faulty, close: async () => {} } })
  expect(await live(application, minutes(3))).toBeUndefined()
  expect(looks).toBeGreaterThan(2)
})
