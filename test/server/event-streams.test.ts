import { afterEach, expect, test } from 'vitest'
import { ManualClock } from '../../core/clock.ts'
import type { HttpServer } from '../../server/http-server.ts'
import { sampleServer } from './sample-server.ts'
import { sampleSnapshot } from './sample-snapshot.ts'

const opened: HttpServer[] = []
afterEach(async () => {
  for (const server of opened.splice(0)) await server.close()
})

async function start(clock: ManualClock): Promise<string> {
  const server = sampleServer(clock, {
    snapshot: () => sampleSnapshot({ at: clock.now(), read: clock.now(), written: clock.now() }),
  })
  opened.push(server)
  return server.listen(0)
}

async function listen(url: string, signal: AbortSignal) {
  const { body, status, headers } = await fetch(`${url}/api/events`, { signal })
  const reader = body?.pipeThrough(new TextDecoderStream()).getReader()
  let text = ''
  const until = async (pattern: RegExp) => {
    while (!pattern.test(text)) text += (await reader?.read())?.value ?? ''
    return text
  }
  return { status, headers, until }
}

test('sends a snapshot at once and one a second, each with an id', async () => {
  const clock = new ManualClock(1000)
  const leaving = new AbortController()
  const events = await listen(await start(clock), leaving.signal)
  expect(events.headers.get('content-type')).toBe('text/event-stream; charset=utf-8')
  expect(events.headers.get('content-security-policy')).toContain("default-src 'self'")
  expect(await events.until(/"at":1000/)).toContain('id: 1\nevent: snapshot\ndata: {"app":"sf311"')
  clock.advance(999)
  clock.advance(1)
  expect(await events.until(/"at":2000/)).toMatch(/id: 2\n/)
  leaving.abort()
})

test('refuses more streams than it can serve', async () => {
  const leaving = new AbortController()
  const url = await start(new ManualClock())
  const streams = await Promise.all(Array.from({ length: 21 }, () => listen(url, leaving.signal)))
  expect(streams.filter(({ status }) => status === 503)).toHaveLength(1)
  leaving.abort()
})

test('ends its streams when the server closes', async () => {
  const url = await start(new ManualClock())
  const answer = await fetch(`${url}/api/events`)
  const whole = answer.text()
  await opened.splice(0)[0]?.close()
  expect(await whole).toContain('event: snapshot')
})
