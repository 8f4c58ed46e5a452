import { expect, test } from 'vitest'
import { ManualClock } from '../../core/clock.ts'
import { Retriable, StreamsError } from '../../core/errors.ts'
import { Reachability } from '../../core/reachability.ts'

const refused = async () => {
  throw new Retriable('gone', 'connection refused')
}
const answer = async () => 'yes'

test('is in trouble from the first call that got no answer, until one gets one', async () => {
  const clock = new ManualClock(1_000)
  const registry = new Reachability(clock)
  await expect(registry.ask(refused)).rejects.toThrow('connection refused')
  clock.advance(60_000)
  await expect(registry.ask(refused)).rejects.toThrow('connection refused')
  expect(await registry.trouble()).toEqual({ since: 1_000, reason: 'connection refused' })
  expect(await registry.ask(answer)).toBe('yes')
  expect(await registry.trouble()).toBeUndefined()
})

test('a connection that goes is trouble from that moment, until the next answer', async () => {
  const clock = new ManualClock(0)
  const redis = new Reachability(clock)
  await redis.ask(answer)
  clock.advance(1_000)
  redis.lost(new Error('the connection was closed'))
  clock.advance(2_000)
  expect(await redis.trouble(refused)).toEqual({ since: 1_000, reason: 'connection refused' })
  expect(await redis.trouble(answer)).toBeUndefined()
})

test('silence is trouble as well, and what is tolerated is none', async () => {
  const clock = new ManualClock(0)
  const kafka = new Reachability(clock, 3_000)
  void kafka.ask(() => new Promise(() => {}))
  clock.advance(2_999)
  expect(await kafka.trouble()).toBeUndefined()
  clock.advance(1)
  expect(await kafka.trouble()).toEqual({ since: 0, reason: 'no answer' })
})

test('an error that says what a person must change is an answer', async () => {
  const registry = new Reachability(new ManualClock(0))
  const refuse = async () => {
    throw new StreamsError('registry_refused', 'who are you?')
  }
  await expect(registry.ask(refuse)).rejects.toThrow('who are you?')
  expect(await registry.trouble()).toBeUndefined()
})

test('gives the reason behind the reason, and says nothing twice', async () => {
  const kafka = new Reachability(new ManualClock(0))
  const ping = async () => {
    const cause = new Retriable('lost', 'no connection', { cause: new Error('connect ECONNREFUSED') })
    throw new Retriable('no_broker', 'none can be reached', { cause })
  }
  expect((await kafka.trouble(ping))?.reason).toBe('none can be reached: no connection: connect ECONNREFUSED')
  const repeating = async () => {
    throw new Error('redis: gone', { cause: new Error('gone') })
  }
  expect((await kafka.trouble(repeating))?.reason).toBe('redis: gone')
})

test('names the code of an error that says nothing', async () => {
  const postgres = new Reachability(new ManualClock(0))
  const ping = async () => {
    throw Object.assign(new AggregateError([]), { code: 'ECONNREFUSED' })
  }
  expect(await postgres.trouble(ping)).toEqual({ since: 0, reason: 'ECONNREFUSED' })
})

test('a probe asks once for all who wait, and not at all within five seconds of an answer', async () => {
  const clock = new ManualClock(0)
  const redis = new Reachability(clock)
  let pings = 0
  const ping = async () => void pings++
  await Promise.all([redis.trouble(ping), redis.trouble(ping)])
  expect(pings).toBe(1)
  clock.advance(5_000)
  await redis.trouble(ping)
  expect(pings).toBe(1)
  clock.advance(1)
  await redis.ask(answer)
  await redis.trouble(ping)
  expect(pings).toBe(1)
  clock.advance(5_001)
  expect(await redis.trouble(ping)).toBeUndefined()
  expect(pings).toBe(2)
})
