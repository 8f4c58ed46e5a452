// A Redis for the tests of one file: the one at REDIS_URL, else a container, else `redis-server` of this machine in a folder of its own.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startContainer } from './container.ts'
import { freePort, type NativeProcess } from './native-process.ts'
import { startRedisServer } from './native-redis.ts'
import { type Service, useService } from './use-service.ts'

export interface RedisService extends Service {
  readonly url: string
}

/** One that may be killed, and whose files may be changed while it is down. */
export interface NativeRedis extends RedisService {
  readonly directory: string
  /** Without it having a chance to save. */
  kill(): Promise<void>
  /** At the same address, from what its folder holds. */
  start(): Promise<void>
}

/** @throws when there is none to be had. */
export async function startRedis(): Promise<RedisService> {
  const url = process.env.REDIS_URL
  if (url !== undefined) return { url, stop: () => Promise.resolve() }
  const container = await startContainer('redis:7.4-alpine', { port: 6379 })
  if (container === undefined) return startNativeRedis()
  return { url: `redis://${container.host}:${container.port}`, stop: () => container.stop() }
}

/** Saves nothing by itself unless `settings` say so. @throws when `redis-server` is not installed. */
export async function startNativeRedis(settings: readonly string[] = []): Promise<NativeRedis> {
  const directory = await mkdtemp(join(tmpdir(), 'millrace-test-redis-'))
  const port = await freePort()
  const start = () => startRedisServer({ port, directory, settings: ['--save', '', '--appendonly', 'no', ...settings] })
  let server: NativeProcess
  try {
    server = await start()
  } catch (error) {
    await rm(directory, { recursive: true, force: true })
    throw error
  }
  return {
    url: `redis://127.0.0.1:${port}`,
    directory,
    kill: () => server.stop('SIGKILL'),
    start: async () => {
      server = await start()
    },
    stop: async () => {
      await server.stop()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

export const useRedis = (): (() => RedisService) => useService('Redis', startRedis)

export const useNativeRedis = (settings?: readonly string[]): (() => NativeRedis) =>
  useService('redis-server', () => startNativeRedis(settings))
