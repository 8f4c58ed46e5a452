import { expect, test } from 'vitest'
import { ManualClock } from '../../core/clock.ts'
import { createMeasurements, undeclared } from '../../metrics/catalogue.ts'
import { metricsPage } from '../../metrics/prometheus.ts'
import type { TopicRequest } from '../../server/topic-records.ts'
import type { VolumeQuery } from '../../server/volume.ts'
import { lintPage } from '../metrics/page-lint.ts'
import { sampleServer } from './sample-server.ts'
import { sampleSnapshot } from './sample-snapshot.ts'

const now = Date.UTC(2026, 0, 2)
const clock = new ManualClock(now)
const server = sampleServer(clock)

test('is live while the poll loop comes round, and before its first round', async () => {
  const polled = async (polledAt: number | undefined) =>
    (await sampleServer(clock, { polledAt: () => polledAt }).inject('/livez')).statusCode
  expect(await polled(undefined)).toBe(200)
  expect(await polled(now - 29_000)).toBe(200)
  expect(await polled(now - 31_000)).toBe(503)
})

test('is ready when it runs and every check passes, and says why not a line a check', async () => {
  expect((await server.inject('/readyz')).statusCode).toBe(200)
  const broken = sampleServer(clock, {
    snapshot: () => ({ ...sampleSnapshot({ at: now, read: 0, written: 0 }), state: 'restoring' }),
    checks: () => [
      { name: 'postgres', check: () => Promise.reject(new Error('connection refused')) },
      { name: 'log', check: () => Promise.resolve() },
    ],
  })
  const answer = await broken.inject('/readyz')
  expect(answer.statusCode).toBe(503)
  expect(
    answer.body
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line)),
  ).toEqual([
    { check: 'application', ok: false, reason: 'it is restoring' },
    { check: 'postgres', ok: false, reason: 'connection refused' },
    { check: 'log', ok: true },
  ])
})

test('a check that does not answer counts as failed after two seconds', async () => {
  const waiting = new ManualClock(now)
  const answer = sampleServer(waiting, {
    checks: () => [{ name: 'postgres', check: () => new Promise<void>(() => {}) }],
  }).inject('/readyz')
  while (waiting.nextWake() === undefined) await new Promise((resolve) => setImmediate(resolve))
  waiting.advance(2000)
  expect((await answer).body).toContain('{"check":"postgres","ok":false,"reason":"no answer within 2 s"}')
})

test('shows its metrics, the time of its requests among them, all of them from the catalogue', async () => {
  const measurements = createMeasurements()
  const metrics = metricsPage(measurements, { app: 'sf311', mode: 'live' })
  const measured = sampleServer(clock, { measurements, metrics })
  await measured.inject('/api/snapshot')
  await measured.inject('/nothing/here')
  const page = await measured.inject('/metrics')
  expect(page.headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8')
  expect(lintPage(page.body)).toEqual([])
  expect(page.body).toContain(
    'http_request_duration_seconds_count{method="GET",route="/api/snapshot",status="200",app="sf311",mode="live"} 1',
  )
  expect(page.body).toContain('route="none",status="404"')
  expect(undeclared(measurements)).toEqual([])
})

test('tells Prometheus with each scrape which checks pass', async () => {
  const measurements = createMeasurements()
  const metrics = metricsPage(measurements, { app: 'sf311', mode: 'live' })
  let answers = false
  const checks = () => [
    { name: 'kafka', check: async () => {} },
    {
      name: 'redis',
      check: async () => {
        if (!answers) throw new Error('ECONNREFUSED')
      },
    },
  ]
  const checking = sampleServer(clock, { measurements, metrics, checks })
  const passing = async () => {
    const { body } = await checking.inject('/metrics')
    return [...body.matchAll(/^streams_check_ok\{check="(\w+)",app="sf311",mode="live"\} (\d)$/gm)].map(
      ([, check, ok]) => `${check} ${ok}`,
    )
  }
  expect(await passing()).toEqual(['application 1', 'kafka 1', 'redis 0'])
  answers = true
  expect(await passing()).toEqual(['application 1', 'kafka 1', 'redis 1'])
})

test('describes the topology in the format asked for by parameter or by header', async () => {
  const typeOf = async (url: string, accept = '*/*') =>
    (await server.inject({ url, headers: { accept } })).headers['content-type']
  expect(await typeOf('/topology')).toBe('text/plain; charset=utf-8')
  expect(await typeOf('/topology?format=mermaid')).toBe('text/vnd.mermaid; charset=utf-8')
  expect(await typeOf('/topology', 'application/json')).toBe('application/json; charset=utf-8')
  expect((await server.inject('/topology')).body).toContain('Sub-topology: 0')
  expect((await server.inject('/topology?format=pdf')).statusCode).toBe(400)
})

test('shows the snapshot, and says 503 before there is one', async () => {
  expect((await server.inject('/api/snapshot')).json()).toMatchObject({ app: 'sf311', state: 'running', at: now })
  expect((await sampleServer(clock, { snapshot: () => undefined }).inject('/api/snapshot')).statusCode).toBe(503)
})

test('answers the volume of a neighborhood between two instants', async () => {
  const asked: VolumeQuery[] = []
  const listening = sampleServer(clock, {
    readVolume: async (query) => {
      asked.push(query)
      return [{ neighborhood: 'Mission', at: now, opened: 3, closed: 1, status: 'final' }]
    },
  })
  const url = `/api/volume?from=2023-02-09T08:00:00Z&to=1676016000000&neighborhood=Mission`
  expect((await listening.inject(url)).json()).toEqual({
    zone: 'America/Los_Angeles',
    rows: [{ neighborhood: 'Mission', at: now, opened: 3, closed: 1, status: 'final' }],
  })
  expect(asked).toEqual([
    { from: Date.UTC(2023, 1, 9, 8), to: 1_676_016_000_000, neighborhood: 'Mission', limit: 5000 },
  ])
})

test.each(['from=yesterday', 'limit=0', 'limit=many', `neighborhood=${'x'.repeat(300)}`])(
  'refuses a volume question with %s',
  async (query) => expect((await server.inject(`/api/volume?${query}`)).statusCode).toBe(400),
)

test('answers records of a topic from positions, and names the topics when there is none such', async () => {
  const asked: TopicRequest[] = []
  const listening = sampleServer(clock, {
    readTopic: async (request) => {
      asked.push(request)
      return request.topic === 'sf311.raw' ? { topic: 'sf311.raw', records: [], next: '0:5,1:9' } : undefined
    },
  })
  const known = await listening.inject('/api/topics/sf311.raw/records?from=0:5,1:9&limit=10')
  expect(known.json()).toEqual({ topic: 'sf311.raw', records: [], next: '0:5,1:9' })
  expect(asked[0]).toEqual({
    topic: 'sf311.raw',
    from: new Map([
      [0, 5],
      [1, 9],
    ]),
    limit: 10,
  })
  const unknown = await listening.inject('/api/topics/sf311.row/records')
  expect(unknown.statusCode).toBe(404)
  expect(unknown.json().error).toContain('no topic sf311.row; there are sf311.raw,')
  expect((await listening.inject('/api/topics/sf311.raw/records?from=here')).statusCode).toBe(400)
})

test('every answer forbids what the page does not need', async () => {
  const { headers } = await server.inject('/')
  expect(headers['content-security-policy']).toContain("default-src 'self'")
  expect(headers['x-content-type-options']).toBe('nosniff')
})

test('answers only to names of this machine', async () => {
  const answer = await server.inject({ url: '/api/snapshot', headers: { host: 'evil.example' } })
  expect(answer.statusCode).toBe(421)
  expect((await server.inject({ url: '/api/snapshot', headers: { host: 'localhost:3110' } })).statusCode).toBe(200)
})

test('answers to the name it was told to listen on', async () => {
  const told = sampleServer(clock, { address: { host: 'millrace', allowRemote: true } })
  const statusFor = async (host: string) => (await told.inject({ url: '/metrics', headers: { host } })).statusCode
  expect(await statusFor('millrace:3110')).toBe(200)
  expect(await statusFor('127.0.0.1:3110')).toBe(200)
  expect(await statusFor('evil.example')).toBe(421)
})

test.each(['0.0.0.0', '::', '192.0.2.1', 'millrace'])(
  'does not listen on %s, which others may reach, unless that is meant',
  async (host) => {
    const remote = sampleServer(clock, { address: { host } })
    await expect(remote.listen(0)).rejects.toThrow(`--host ${host} can be reached from other machines`)
    await remote.close()
  },
)

test.each([
  { host: '0.0.0.0', allowRemote: true },
  { host: '127.0.0.2', allowRemote: false },
  { host: 'localhost', allowRemote: false },
])('listens on $host, allowed to be remote: $allowRemote', async (address) => {
  const listening = sampleServer(clock, { address })
  const { port } = new URL(await listening.listen(0))
  const host = address.host === '0.0.0.0' ? '127.0.0.1' : address.host
  const answer = await fetch(`http://${host}:${port}/livez`)
  expect(answer.status).toBe(200)
  await listening.close()
})

test('an error inside stays inside', async () => {
  const failing = sampleServer(clock, { readVolume: () => Promise.reject(new Error('password of secret')) })
  const answer = await failing.inject('/api/volume')
  expect(answer.statusCode).toBe(500)
  expect(answer.body).not.toContain('secret')
})

test('a port that is taken is an error that says what to do', async () => {
  const first = sampleServer(clock)
  const second = sampleServer(clock)
  const { port } = new URL(await first.listen(0))
  await expect(second.listen(Number(port))).rejects.toThrow(`port ${port} is taken; choose another with --port`)
  await first.close()
  await second.close()
})
