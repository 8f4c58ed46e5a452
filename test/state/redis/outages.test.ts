import { describe, expect, it } from 'vitest'
import { Retriable } from '../../../core/errors.ts'
import type { Logger } from '../../../core/logger.ts'
import { createMeasurements, undeclared } from '../../../metrics/catalogue.ts'
import { openRedisBackend } from '../../../state/redis/redis-backend.ts'
import { startNativeRedis, useNativeRedis } from '../../services/redis.ts'
import { apply, claim, contents, move, openPlace, put, read } from './place.ts'

describe('Redis in trouble', () => {
  const redis = useNativeRedis()

  it('is refused when it may drop keys, at the start and at every claim', async () => {
    const { state, redis: other } = await openPlace(redis().url)
    await other.config('SET', 'maxmemory-policy', 'allkeys-lru')
    await expect(openRedisBackend({ url: redis().url, app: 'a' })).rejects.toMatchObject({
      code: 'redis_can_evict',
      message: expect.stringContaining('CONFIG SET maxmemory-policy noeviction'),
    })
    await expect(claim(state, 5)).rejects.toMatchObject({ code: 'redis_can_evict' })
    await other.config('SET', 'maxmemory-policy', 'noeviction')
    await claim(state, 5)
  })

  it('is refused when it came back and may drop keys now, before the next read', async () => {
    const { state, redis: other } = await openPlace(redis().url)
    await claim(state, 5)
    await apply(state, [put('a', '1')], move(5, 0, 10))
    await other.config('SET', 'maxmemory-policy', 'allkeys-lru')
    await other.client('KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
    const answer = () => read(state, { token: 5, offset: 10 }, ['a']).catch((error: unknown) => error)
    await expect.poll(answer).toMatchObject({ code: 'redis_can_evict' })
    await other.config('SET', 'maxmemory-policy', 'noeviction')
    expect(await answer()).toEqual(['1'])
  })

  it('is refused when it is a replica', async () => {
    const replica = await startNativeRedis(['--replicaof', '127.0.0.1', new URL(redis().url).port])
    try {
      await expect(openRedisBackend({ url: replica.url, app: 'a' })).rejects.toMatchObject({ code: 'redis_not_master' })
    } finally {
      await replica.stop()
    }
  })

  it('is refused when it refuses us', async () => {
    const { redis: other } = await openPlace(redis().url)
    await other.config('SET', 'requirepass', 'secret')
    await expect(openRedisBackend({ url: redis().url, app: 'a' })).rejects.toMatchObject({ code: 'redis_refused' })
    await other.config('SET', 'requirepass', '')
  })

  it('has no memory: the flush fails as a whole and works later', async () => {
    const { state, redis: other } = await openPlace(redis().url)
    await claim(state, 5)
    await apply(state, [put('a', '1')], move(5, 0, 10))
    await other.config('SET', 'maxmemory', '1')
    await expect(apply(state, [put('a', '2')], move(5, 10, 20))).rejects.toThrow(Retriable)
    await other.config('SET', 'maxmemory', '0')
    expect(await contents(state)).toEqual({ a: '1' })
    await apply(state, [put('a', '2')], move(5, 10, 20))
    expect(await contents(state)).toEqual({ a: '2' })
  })

  it('forgets its scripts: they are sent again, chunks in order', async () => {
    const { state, redis: other } = await openPlace(redis().url, { bounds: { fieldsMax: 1, bytesMax: 1_000 } })
    await claim(state, 5)
    await apply(state, [put('a', '1'), put('b', '1')], move(5, 0, 10))
    await other.script('FLUSH')
    await apply(state, [put('a', '2'), put('b', '2'), put('c', '2')], move(5, 10, 20))
    await other.script('FLUSH')
    expect(await read(state, { token: 5, offset: 20 }, ['a', 'b', 'c', 'd'])).toEqual(['2', '2', '2', undefined])
  })

  it('is gone: asked whether it answers, it does not, until it is back', async () => {
    const backend = await openRedisBackend({ url: redis().url, app: 'a' })
    await backend.ping?.()
    await redis().kill()
    await expect(backend.ping?.()).rejects.toThrow()
    await redis().start()
    await expect.poll(() => backend.ping?.().then(() => 'answers')).toBe('answers')
    await backend.close()
  })

  it('says nothing: every call fails within its bound, and goes on afterwards', async () => {
    const { state, redis: other, key } = await openPlace(redis().url, { commandTimeoutMs: 200 })
    await claim(state, 5)
    await apply(state, [put('a', '1')], move(5, 0, 10))
    const start = performance.now()
    await other.client('PAUSE', 4_000)
    await expect(read(state, { token: 5, offset: 10 }, ['a'])).rejects.toThrow(Retriable)
    expect(performance.now() - start).toBeLessThan(3_500)
    // Answered when the pause is over; by then the owner has a new connection.
    await other.exists(key)
    await expect.poll(() => read(state, { token: 5, offset: 10 }, ['a']).catch(() => [])).toEqual(['1'])
  })

  it('becomes a replica: flushes fail until it is a master again, or its name leads to one', async () => {
    const { state, redis: other } = await openPlace(redis().url)
    await claim(state, 5)
    await apply(state, [put('a', '1')], move(5, 0, 10))
    await other.replicaof('127.0.0.1', 1)
    await expect(apply(state, [put('a', '2')], move(5, 10, 20))).rejects.toThrow(Retriable)
    await expect
      .poll(() => claim(state, 6).catch((error: unknown) => error))
      .toMatchObject({
        code: 'redis_unavailable',
        message: expect.stringContaining('READONLY'),
      })
    await other.replicaof('NO', 'ONE')
    await expect.poll(() => claim(state, 6).catch(() => undefined)).toMatchObject({ token: 6, offset: 10 })
    expect(await contents(state)).toEqual({ a: '1' })
  })

  it('is away: every call fails at once, and goes on when it is back', async () => {
    const { state, redis: other } = await openPlace(redis().url)
    await claim(state, 5)
    await apply(state, [put('a', '1')], move(5, 0, 10))
    await other.save()
    await redis().kill()
    await expect(apply(state, [put('a', '2')], move(5, 10, 20))).rejects.toMatchObject({ code: 'redis_unavailable' })
    await expect(state.checkpoint()).rejects.toThrow(/ECONNREFUSED|ECONNRESET|was closed|does not answer/)
    await expect(openRedisBackend({ url: redis().url, app: 'a' })).rejects.toThrow(Retriable)
    await redis().start()
    await expect.poll(() => read(state, { token: 5, offset: 10 }, ['a']).catch(() => [])).toEqual(['1'])
  })

  it('goes and comes back: both are said once, and measured', async () => {
    const logger = new Lines()
    const measurements = createMeasurements()
    const available = measurements.cell('streams_store_available')
    const { state } = await openPlace(redis().url, { logger, measurements })
    await claim(state, 5)
    expect(available.value).toBe(1)
    await redis().kill()
    await expect.poll(() => available.value).toBe(0)
    for (let i = 0; i < 3; i++) await expect(state.checkpoint()).rejects.toThrow(Retriable)
    await redis().start()
    await expect.poll(() => available.value).toBe(1)
    expect(logger.lines).toEqual(['Redis is away: what needs state waits', 'Redis is back'])
    expect(undeclared(measurements)).toEqual([])
  })

  it('is asked only for what is not known, which is counted', async () => {
    const measurements = createMeasurements()
    const { state } = await openPlace(redis().url, { measurements })
    await claim(state, 5)
    await apply(state, [put('a', '1'), put('b', '1')], move(5, 0, 10))
    await claim(state, 6)
    for (let i = 0; i < 2; i++) await read(state, { token: 6, offset: 10 }, ['a', 'b', 'none'])
    const reads = (result: string) => measurements.cell('streams_store_cache_reads_total', { result }).value
    expect([reads('miss'), reads('hit')]).toEqual([3, 3])
  })
})

class Lines implements Logger {
  readonly lines: string[] = []
  debug = (line: string) => void this.lines.push(line)
  info = (line: string) => void this.lines.push(line)
  warn = (line: string) => void this.lines.push(line)
  error = (line: string) => void this.lines.push(line)
}
