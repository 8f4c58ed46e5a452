import { randomUUID } from 'node:crypto'
import { describe } from 'vitest'
import { openRedisBackend } from '../../../state/redis/redis-backend.ts'
import { stateBackendConformance } from '../../conformance/state-backend.ts'
import { useRedis } from '../../services/redis.ts'

describe('state in Redis', () => {
  const redis = useRedis()
  stateBackendConformance('redis', { open: () => openRedisBackend({ url: redis().url, app: randomUUID() }) })
  stateBackendConformance('redis, flushed in small chunks', {
    open: () => openRedisBackend({ url: redis().url, app: randomUUID(), bounds: { fieldsMax: 2, bytesMax: 1_000 } }),
    runs: 50,
  })
  stateBackendConformance('redis, without room for a cache', {
    open: () => openRedisBackend({ url: redis().url, app: randomUUID(), cacheBytesMax: 0 }),
    runs: 50,
  })
})
