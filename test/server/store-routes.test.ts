import { expect, test } from 'vitest'
import { ManualClock } from '../../core/clock.ts'
import { Retriable, StreamsError } from '../../core/errors.ts'
import type { StoreAnswer, StoreQueries, StoreRequest } from '../../runtime/store-queries.ts'
import { sampleServer } from './sample-server.ts'

function serverOf(find: (request: StoreRequest) => Promise<StoreAnswer>) {
  const stores: StoreQueries = { list: () => [], find }
  return sampleServer(new ManualClock(0), { stores: () => stores })
}

test('asks a store for a key as it stands in the path, and for windows by the instants of the query', async () => {
  const asked: StoreRequest[] = []
  const server = serverOf(async (request) => {
    asked.push(request)
    return { store: request.store, found: [{ partition: 3, offset: 184, streamTime: 77, value: { opened: 2 } }] }
  })
  const answer = await server.inject('/api/stores/cases/South%20of%20Market%2FSoMa')
  expect([answer.statusCode, answer.json()]).toEqual([
    200,
    { store: 'cases', found: [{ partition: 3, offset: 184, streamTime: 77, value: { opened: 2 } }] },
  ])
  await server.inject('/api/stores/hourly/%5B1%2C2%5D?from=1970-01-01T00:00:01Z&to=5000')
  expect(asked).toEqual([
    { store: 'cases', key: 'South of Market/SoMa', from: undefined, to: undefined },
    { store: 'hourly', key: '[1,2]', from: 1000, to: 5000 },
  ])
})

test('says with its status what to do about a question without an answer', async () => {
  const statusOf = async (error: Error) => {
    const answer = await serverOf(() => Promise.reject(error)).inject('/api/stores/cases/1')
    return [answer.statusCode, answer.json().code]
  }
  for (const [code, status] of [
    ['unknown_store', 404],
    ['no_such_key', 404],
    ['bad_key', 400],
    ['bad_range', 400],
    ['kept_elsewhere', 421],
  ] as const)
    expect(await statusOf(new StreamsError(code, 'because'))).toEqual([status, code])
  expect(await statusOf(new Retriable('redis_unavailable', 'because'))).toEqual([503, 'redis_unavailable'])
  expect(await statusOf(new Error('a bug'))).toEqual([500, undefined])
  expect(
    (await serverOf(() => Promise.reject(new Error('not asked'))).inject('/api/stores/cases/1?from=yesterday'))
      .statusCode,
  ).toBe(400)
})

test('lists the stores', async () => {
  const listed = {
    store: 'cases',
    kind: 'key-value store',
    key: 'string',
    value: 'int',
    subtopology: 0,
    partitions: 4,
    here: [1],
  } as const
  const stores: StoreQueries = { list: () => [listed], find: () => Promise.reject(new Error('not asked')) }
  const answer = await sampleServer(new ManualClock(0), { stores: () => stores }).inject('/api/stores')
  expect(answer.json()).toEqual({ stores: [listed] })
})
