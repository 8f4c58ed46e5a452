// What a failure leaves behind: nothing half done, whatever the order of its end.
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ProducerFenced, Retriable, StateCorrupted, StreamsError, TaskFenced } from '../../core/errors.ts'
import { BackOff, reactionTo } from '../../runtime/failure-policy.ts'
import { Meters, now } from '../support/meters.ts'
import { deadLettersIn, writeRaw } from '../support/raw-records.ts'
import { badReadings, type Reading, readings, readingsTopology } from '../support/readings.ts'

let meters: Meters
beforeEach(async () => {
  meters = await Meters.open()
})
afterEach(() => meters.cluster.close())

test('an application that fails and is closed has committed no part of the batch it failed in', async () => {
  const refuse = ({ note }: Reading) => {
    if (note === 'bang') throw new Error('no such note')
    return note
  }
  const failing = await meters.start({ topology: readingsTopology({ annotate: refuse }) })
  await meters.write(['a', 'b', 'bang', 'c'])
  await expect(meters.settle(failing)).rejects.toThrow('no such note')
  await failing.close()
  expect((await meters.left()).notes).toEqual([])

  const mended = await meters.start()
  await meters.settle(mended)
  await mended.close()
  expect(await meters.left()).toEqual({ notes: ['a', 'b', 'bang', 'c'], count: 4, row: 'c' })
})

test('a task that halts over bad input leaves no dead letters behind that it would write again', async () => {
  const halting = await meters.start()
  await meters.write(Array.from({ length: 400 }, (_, i) => `${i}`))
  await meters.settle(halting)
  const bad = { key: Buffer.from('k'), value: Buffer.alloc(0) }
  const to = { topic: readings.name, partition: 0, timestamp: now }
  await writeRaw(
    meters.cluster,
    to,
    Array.from({ length: 600 }, () => bad),
  )
  await expect(meters.settle(halting)).rejects.toThrow('600 of the last 1000 records are bad')
  await halting.close()

  const patient = await meters.start({ config: { badLimit: 1000 } })
  await meters.settle(patient)
  await patient.close()
  expect(await deadLettersIn(meters.cluster, badReadings.name)).toHaveLength(600)
  expect((await meters.left()).notes).toHaveLength(400)
})

test.each([
  ['a fenced producer', new ProducerFenced('x', ''), 'new incarnation'],
  ['a task that somebody else has', new TaskFenced('x', ''), 'take over again'],
  ['state that is not what it was', new StateCorrupted('x', ''), 'take over again'],
  ['what may work later', new Retriable('x', ''), 'back off'],
  ['what only a person can mend', new StreamsError('x', ''), 'stop'],
  ['a bug', new Error('x'), 'stop'],
])('the answer to %s', (_, error, reaction) => {
  expect(reactionTo(error)).toBe(reaction)
})

test('pauses double up to five seconds, and end when failures have followed each other for too long', () => {
  const backOff = new BackOff(20_000)
  let at = 0
  const pauses: number[] = []
  for (let pause = backOff.failed(at); pause !== undefined; pause = backOff.failed(at)) {
    pauses.push(pause)
    at += pause
  }
  expect(pauses).toEqual([10, 20, 40, 80, 160, 320, 640, 1280, 2560, 5000, 5000, 5000])
  backOff.succeeded()
  expect(backOff.failed(at)).toBe(10)
})
