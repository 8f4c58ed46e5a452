// A short run of chaos on real services; the long one is `npm run chaos`. CHAOS_SEED repeats a run.
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { kafkaJars } from '../services/kafka/class-path.ts'
import { runChaos } from './chaos.ts'
import { faults } from './faults.ts'
import { hasKcat } from './topic-dump.ts'

const run = promisify(execFile)
const seed = Number(process.env.CHAOS_SEED ?? Date.now() % 1_000_000)
const root = join(import.meta.dirname, '..', '..')
const chosen = [
  'worker: killed inside a commit',
  'Redis: FLUSHALL',
  'broker: killed inside a commit',
  'Postgres: immediate stop',
  'worker: SIGSTOP for longer than its session',
  'worker: kill -9, started at once',
]

test('what real services hold after kills, pauses, restarts and losses is what a sequential run computes', {
  timeout: 240_000,
}, async (context) => {
  const missing = await missingService()
  if (process.env.CI !== 'true') context.skip(missing !== undefined, missing)
  expect(missing).toBeUndefined()
  const strikes = chosen.flatMap((name) => faults.filter((fault) => fault.name === name))
  const say = (line: string) => process.stdout.write(`${line}\n`)
  const outcome = await runChaos({ seed, strikes, records: 15_000, perSecond: 500, program: await compiled(), say })
  expect({ seed, problems: outcome.problems, unasked: outcome.unasked }).toEqual({ seed, problems: [], unasked: [] })
  expect(outcome.strikes).toHaveLength(chosen.length)
})

/** Workers are processes of their own, and Node runs JavaScript. */
async function compiled(): Promise<string> {
  const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
  await run(process.execPath, [compiler, '-p', join(root, 'test', 'chaos', 'tsconfig.json'), '--noCheck'])
  return join(root, 'node_modules', '.cache', 'millrace-chaos', 'test', 'chaos', 'worker.js')
}

async function missingService(): Promise<string | undefined> {
  if (!(await hasKcat())) return 'kcat is not installed'
  const hasRedis = await run('redis-server', ['--version']).then(
    () => true,
    () => false,
  )
  if (!hasRedis) return 'redis-server is not installed'
  return kafkaJars().then(
    () => undefined,
    (error: unknown) => `no Kafka: ${error instanceof Error ? error.message : String(error)}`,
  )
}
