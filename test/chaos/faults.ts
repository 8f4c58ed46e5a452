// The faults: each does its harm, waits as long as the harm lasts, and mends what a person or a supervisor would.
import { cp, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import type { Random } from '../../core/random.ts'
import type { Step } from '../../runtime/steps.ts'
import { startNativeRedis } from '../services/redis.ts'
import { type Cast, portOf, REDIS_SETTINGS, SESSION_TIMEOUT_MS, type Worker } from './cast.ts'
import type { Line } from './line.ts'

export interface Fault {
  readonly name: string
  readonly strike: (cast: Cast, random: Random) => Promise<void>
}

const LONGER_THAN_SESSION_MS = SESSION_TIMEOUT_MS + 3_000
const TRAP_MS_MAX = 15_000
const STEPS_OF_COMMIT: readonly Step[] = ['R1', 'R3', 'R4a', 'R4b', 'R4c', 'R4d', 'R5']
const STEPS_OF_TAKE_OVER: readonly Step[] = ['S1', 'S2', 'S3', 'S4', 'S5', 'S6', 'S7']

export const faults: readonly Fault[] = [
  { name: 'worker: kill -9, started at once', strike: (cast, random) => kill(cast, one(cast.live, random)) },
  {
    name: 'worker: kill -9, started after its session',
    strike: (cast, random) => kill(cast, one(cast.live, random), LONGER_THAN_SESSION_MS),
  },
  {
    name: 'worker: killed inside a commit',
    strike: async (cast, random) => {
      const worker = one(cast.live, random)
      await trapped(worker, one(STEPS_OF_COMMIT, random), 'die')
      await kill(cast, worker)
    },
  },
  {
    name: 'worker: killed inside the take-over after a kill',
    strike: async (cast, random) => {
      const worker = one(cast.live, random)
      worker.signal('SIGKILL')
      await worker.ended()
      const next = cast.startWorker(worker.name)
      await trapped(next, one(STEPS_OF_TAKE_OVER, random), 'die')
      await kill(cast, next)
    },
  },
  {
    name: 'all workers: kill -9',
    strike: async (cast) => void (await Promise.all(cast.live.map((one) => kill(cast, one)))),
  },
  {
    name: 'worker: SIGSTOP for longer than its session',
    strike: (cast, random) => pause(one(cast.live, random), LONGER_THAN_SESSION_MS),
  },
  {
    name: 'worker: SIGSTOP inside a commit for longer than its session',
    strike: async (cast, random) => {
      const worker = one(cast.live, random)
      await trapped(worker, one(STEPS_OF_COMMIT, random), 'tell')
      await pause(worker, LONGER_THAN_SESSION_MS)
    },
  },
  { name: 'worker: SIGSTOP for 2 s', strike: (cast, random) => pause(one(cast.live, random), 2_000) },
  {
    name: 'two processes under one instance id',
    strike: async (cast, random) => {
      const older = one(cast.live, random)
      cast.startWorker(older.name)
      await older.ended()
      if (older.error?.includes('fenced_instance') !== true)
        cast.unasked.push(`the elder of two under one instance id ended otherwise: ${older.error}`)
    },
  },
  {
    name: 'from one worker to three and back',
    strike: async (cast) => {
      for (const worker of cast.live.slice(1)) await cast.stopWorker(worker)
      await sleep(1_000)
      for (const name of ['b', 'c']) cast.startWorker(name)
      await sleep(5_000)
      for (const name of ['a', 'c']) {
        const worker = cast.workers.get(name)
        if (worker !== undefined) await cast.stopWorker(worker)
      }
      await sleep(1_000)
      cast.startWorker('a')
    },
  },
  {
    // A broker alone that is stopped in good order under load may lose a decided transaction's marker (docs/operations.md): so workers go first.
    name: 'broker: stopped and started, its workers before it',
    strike: async (cast) => {
      const names = cast.live.map(({ name }) => name)
      for (const worker of cast.live) await cast.stopWorker(worker)
      await cast.broker.stop()
      await cast.broker.start()
      for (const name of names) cast.startWorker(name)
    },
  },
  {
    name: 'broker: killed and started',
    strike: async ({ broker }) => {
      await broker.kill()
      await broker.start()
    },
  },
  {
    name: 'broker: killed inside a commit',
    strike: async (cast, random) => {
      await trapped(one(cast.live, random), one(['R4a', 'R4b', 'R4c', 'R4d'], random), 'tell')
      await cast.broker.kill()
      await cast.broker.start()
    },
  },
  { name: 'Kafka: cut off for longer than a session', strike: (cast) => cut(cast.kafkaLine, LONGER_THAN_SESSION_MS) },
  { name: 'Kafka: every second connection cut', strike: (cast) => cut(cast.kafkaLine, LONGER_THAN_SESSION_MS, 2) },
  {
    name: 'Redis: kill -9, started from its AOF',
    strike: async ({ redis }) => {
      await redis.kill()
      await redis.start()
    },
  },
  { name: 'Redis: FLUSHALL', strike: (cast) => tell(cast.redis.url, (redis) => redis.flushall()) },
  {
    name: 'Redis: restarted from an older AOF',
    strike: async ({ redis }) => {
      const [now, older] = [join(redis.directory, 'appendonlydir'), join(redis.directory, 'older')]
      await rm(older, { recursive: true, force: true })
      await cp(now, older, { recursive: true })
      await sleep(2_500)
      await redis.kill()
      await rm(now, { recursive: true, force: true })
      await rename(older, now)
      await redis.start()
    },
  },
  { name: 'Redis: stale replica promoted', strike: promoteStaleReplica },
  { name: 'Redis: cut off for 8 s', strike: (cast) => cut(cast.redisLine, 8_000) },
  {
    name: 'Postgres: immediate stop',
    strike: async (cast) => {
      await cast.crashPostgres()
      await cast.startPostgres()
    },
  },
  { name: 'Postgres: cut off for 12 s', strike: (cast) => cut(cast.postgresLine, 12_000) },
]

async function kill(cast: Cast, worker: Worker, awayMs = 0): Promise<void> {
  worker.signal('SIGKILL')
  await worker.ended()
  await sleep(awayMs)
  cast.startWorker(worker.name)
}

async function pause(worker: Worker, ms: number): Promise<void> {
  worker.signal('SIGSTOP')
  await sleep(ms)
  worker.signal('SIGCONT')
}

/** A step that does not come in time is no reason to wait any longer: the fault then strikes elsewhere. */
async function trapped(worker: Worker, step: Step, then: 'die' | 'tell'): Promise<void> {
  await Promise.race([worker.trap({ step, then }), sleep(TRAP_MS_MAX, undefined, { ref: false })])
}

async function cut(line: Line, ms: number, every = 1): Promise<void> {
  line.cut(every)
  await sleep(ms)
  line.heal()
}

/** A replica that has heard nothing for a while becomes the master; the old one is gone with what only it knew. */
async function promoteStaleReplica(cast: Cast): Promise<void> {
  const master = cast.redis
  const replica = await startNativeRedis(REDIS_SETTINGS)
  const link = new Redis(replica.url)
  link.on('error', () => {})
  try {
    // Told, not set at its start: it must be a master when it is started again.
    await link.replicaof('127.0.0.1', portOf(master.url))
    for (let asked = 0; asked < 100 && !(await link.info('replication')).includes('master_link_status:up'); asked++)
      await sleep(50)
    await link.replicaof('127.0.0.1', '1')
    await sleep(2_000)
    await master.kill()
    await link.replicaof('no', 'one')
  } finally {
    link.disconnect()
  }
  cast.redis = replica
  cast.redisLine.lead(portOf(replica.url))
  await master.stop()
}

async function tell(url: string, command: (redis: Redis) => Promise<unknown>): Promise<void> {
  const redis = new Redis(url)
  try {
    await command(redis)
  } finally {
    redis.disconnect()
  }
}

function one<T>(of: readonly T[], random: Random): T {
  const picked = of[Math.floor(random() * of.length)]
  if (picked === undefined) throw new Error('there is nothing to strike')
  return picked
}
