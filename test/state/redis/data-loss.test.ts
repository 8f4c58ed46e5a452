// Redis may lose its last second, all it has, or a part behind our back: none of it may go unnoticed.
import { readdir, stat, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { Retriable, StateCorrupted } from '../../../core/errors.ts'
import type { TaskState } from '../../../state/backend.ts'
import { useNativeRedis, useRedis } from '../../services/redis.ts'
import { apply, claim, contents, move, openPlace, type Place, put, read } from './place.ts'

describe('what Redis loses', () => {
  const redis = useNativeRedis()

  it('is noticed at the next read when it is everything; the claim then begins at offset 0', async () => {
    const { state, redis: other } = await openPlace(redis().url)
    await claim(state, 5)
    await apply(state, [put('a', '1')], move(5, 0, 10))
    expect(await read(state, { token: 5, offset: 10 }, ['a'])).toEqual(['1'])
    await other.flushall()
    await expect(state.load({ token: 5, offset: 10 }, 's', [Buffer.from('a')])).rejects.toThrow(StateCorrupted)
    await expect(apply(state, [put('a', '2')], move(5, 10, 12))).rejects.toThrow(StateCorrupted)
    expect(await claim(state, 20)).toMatchObject({ token: 20, offset: 0, marker: undefined })
    expect(state.entries('s')).toBe(0)
    expect(await read(state, { token: 20, offset: 0 }, ['a'])).toEqual([undefined])
  })

  it('is replayed from an earlier checkpoint after a restart from an older snapshot', async () => {
    const { state, redis: other } = await openPlace(redis().url)
    await claim(state, 5)
    await apply(state, [put('a', '1'), put('b', '1')], move(5, 0, 10))
    await other.save()
    await apply(state, [put('a', '2'), { store: 's', key: 'b', value: undefined }], move(5, 10, 20))
    await redis().kill()
    await redis().start()
    await replaysFrom10(state)
  })

  it('is found in what a hash counts, when single entries or whole hashes are gone', async () => {
    const { state, redis: other, key } = await openPlace(redis().url)
    await claim(state, 5)
    await apply(state, [put('a', '1'), put('b', '1')], move(5, 0, 10))
    await other.hdel(`${key}:5:map:s`, 'a')
    expect(await claim(state, 6)).toMatchObject({ offset: 0 })
    await apply(state, [put('a', '1')], move(6, 0, 10))
    await other.del(`${key}:6:map:s`)
    expect(await claim(state, 7)).toMatchObject({ offset: 0 })
    expect(await contents(state)).toEqual({})
  })

  it('is found by a scan too: a store that has lost entries is no smaller store', async () => {
    const { state, redis: other, key } = await openPlace(redis().url)
    await claim(state, 5)
    const many = Array.from({ length: 9_000 }, (_, i) => put(`key-${i}`, 'v'))
    await apply(state, many, move(5, 0, 10))
    expect(Object.keys(await contents(state))).toHaveLength(9_000)
    await other.hdel(`${key}:5:map:s`, 'key-77')
    await expect(contents(state)).rejects.toThrow('has 8999 of 9000 entries in map:s')
    await other.hset(`${key}:5:map:s`, 'key-77', 'v')
    const walk = state.walk('s')
    await walk.next(2_000, () => {})
    await other.del(`${key}:5:map:s`)
    await expect(walk.next(9_000, () => {})).rejects.toThrow(StateCorrupted)
    await other.hset(`${key}:5:map:s`, Object.fromEntries(many.map((_, i) => [`key-${i}`, 'v'])))
    let lost: Promise<unknown> | undefined
    const scanned = state.walk('s').next(Number.POSITIVE_INFINITY, () => {
      lost ??= other.flushall()
    })
    await expect(scanned).rejects.toThrow(StateCorrupted)
    await lost
  })

  it('leaves nothing behind that a later generation reads, when only the checkpoint is gone', async () => {
    const { state, redis: other, key } = await openPlace(redis().url)
    await claim(state, 5)
    await apply(state, [put('a', '1')], move(5, 0, 10))
    await other.del(key)
    expect(await claim(state, 6)).toMatchObject({ offset: 0 })
    expect(await read(state, { token: 6, offset: 0 }, ['a'])).toEqual([undefined])
  })
})

describe('a server that appends to a file', () => {
  const redis = useNativeRedis(['--appendonly', 'yes', '--appendfsync', 'always'])

  it('goes back to an earlier point of its history when the end of the file is lost', async () => {
    const { state } = await openPlace(redis().url)
    await claim(state, 5)
    await apply(state, [put('a', '1'), put('b', '1')], move(5, 0, 10))
    const file = await appendedFile(redis().directory)
    const { size } = await stat(file)
    await apply(state, [put('a', '2'), { store: 's', key: 'b', value: undefined }], move(5, 10, 20))
    await redis().kill()
    // In the middle of what the second flush appended.
    await truncate(file, size + 40)
    await redis().start()
    await replaysFrom10(state)
  })

  it('keeps what it answered when it is killed', async () => {
    const { state } = await openPlace(redis().url)
    await claim(state, 5)
    await apply(state, [put('a', '1')], move(5, 0, 10))
    await redis().kill()
    await redis().start()
    await reconnected(state)
    expect(await read(state, { token: 5, offset: 10 }, ['a'])).toEqual(['1'])
    await apply(state, [put('a', '2')], move(5, 10, 12))
    expect(await contents(state)).toEqual({ a: '2' })
  })
})

describe('a flush that was torn', () => {
  const redis = useRedis()

  /** Two chunks, of which the second fails. */
  async function torn(): Promise<Place> {
    const place = await openPlace(redis().url, { bounds: { fieldsMax: 2, bytesMax: 1_000 } })
    await claim(place.state, 5)
    await apply(place.state, [put('a', '1')], move(5, 0, 10))
    await place.redis.set(`${place.key}:5:map:t`, 'no hash')
    const four = [put('a', '2'), put('b', '2'), put('c', '2', 't')]
    await expect(apply(place.state, four, move(5, 10, 20))).rejects.toMatchObject({ code: 'redis_failed' })
    await place.redis.del(`${place.key}:5:map:t`)
    return place
  }

  it('is refused by reads and by further flushes, and leaves the checkpoint where it was', async () => {
    const { state } = await torn()
    expect(await state.checkpoint()).toMatchObject({ token: 5, offset: 10 })
    await expect(read(state, { token: 5, offset: 10 }, ['a'])).rejects.toThrow('chunk 1')
    await expect(apply(state, [put('a', '3')], move(5, 10, 20))).rejects.toThrow(StateCorrupted)
  })

  it('is cleared by the next claim, which applies it again', async () => {
    const { state } = await torn()
    expect(await claim(state, 6)).toMatchObject({ token: 6, offset: 10, marker: Buffer.from('marker 10') })
    expect(state.entries('s')).toBe(2)
    await apply(state, [put('a', '2'), put('b', '2'), put('c', '2', 't')], move(6, 10, 20))
    expect(await contents(state)).toEqual({ a: '2', b: '2' })
    expect(await contents(state, 't')).toEqual({ c: '2' })
    expect([state.entries('s'), state.bytes('s')]).toEqual([2, 4])
  })
})

/** The server lost the flush from 10 to 20. */
async function replaysFrom10(state: TaskState): Promise<void> {
  await reconnected(state)
  await expect(read(state, { token: 5, offset: 20 }, ['a'])).rejects.toThrow(StateCorrupted)
  expect(await claim(state, 21)).toMatchObject({ token: 21, offset: 10, marker: Buffer.from('marker 10') })
  expect(await contents(state)).toEqual({ a: '1', b: '1' })
  await apply(state, [put('a', '2'), { store: 's', key: 'b', value: undefined }], move(21, 10, 22))
  expect(await read(state, { token: 21, offset: 22 }, ['a', 'b'])).toEqual(['2', undefined])
}

/** As the engine does: again while an error says that the same may work later. */
async function reconnected(state: TaskState): Promise<void> {
  for (;;) {
    try {
      await state.checkpoint()
      return
    } catch (error) {
      expect(error).toBeInstanceOf(Retriable)
      await new Promise(setImmediate)
    }
  }
}

async function appendedFile(directory: string): Promise<string> {
  const folder = join(directory, 'appendonlydir')
  const name = (await readdir(folder)).find((file) => file.endsWith('.incr.aof'))
  return join(folder, name ?? '')
}
