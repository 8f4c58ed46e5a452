import { expect, test } from 'vitest'
import { lineLogger } from '../../cli/logger.ts'
import { ManualClock } from '../../core/clock.ts'

function logging(format: 'text' | 'json') {
  const clock = new ManualClock(Date.UTC(2026, 0, 2, 3, 4, 5))
  const lines: string[] = []
  return { clock, lines, logger: lineLogger({ format, clock, write: (line) => void lines.push(line) }) }
}

test('writes a line for people: time, level unless it is info, message, fields', () => {
  const { logger, lines } = logging('text')
  logger.info('listening', { port: 3110, page: undefined })
  logger.warn('could not reach DataSF', { reason: 'no route to host' })
  expect(lines).toEqual([
    '03:04:05 listening  port=3110\n',
    '03:04:05 warn: could not reach DataSF  reason="no route to host"\n',
  ])
})

test('writes a JSON object a line for programs', () => {
  const { logger, lines } = logging('json')
  logger.error('commit failed', { topic: 'sf311.raw', offset: 7 })
  expect(lines.map((line) => JSON.parse(line))).toEqual([
    { time: '2026-01-02T03:04:05.000Z', level: 'error', message: 'commit failed', topic: 'sf311.raw', offset: 7 },
  ])
})

test('leaves out debug lines unless asked for', () => {
  const { logger, lines } = logging('text')
  logger.debug('polled')
  expect(lines).toEqual([])
})

test('lines about different things are no repeats', () => {
  const { logger, lines } = logging('text')
  for (const task of ['0_0', '0_1']) logger.info('task runs', { task })
  expect(lines).toHaveLength(2)
})

test('tells a message that repeats once in ten seconds, with how often it came meanwhile', () => {
  const { logger, lines, clock } = logging('text')
  for (let i = 0; i < 50; i++) logger.warn('retrying', { attempt: i })
  logger.warn('something else')
  clock.advance(10_000)
  logger.warn('retrying', { attempt: 51 })
  expect(lines).toEqual([
    '03:04:05 warn: retrying  attempt=0\n',
    '03:04:05 warn: something else\n',
    '03:04:15 warn: retrying  attempt=51  repeated=49\n',
  ])
})
