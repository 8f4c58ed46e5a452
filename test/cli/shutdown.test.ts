import { EventEmitter } from 'node:events'
import { expect, test } from 'vitest'
import { Shutdown } from '../../cli/shutdown.ts'
import { ManualClock } from '../../core/clock.ts'
import { silentLogger } from '../../core/logger.ts'

class Signals extends EventEmitter {
  readonly exits: number[] = []

  exit(code: number): void {
    this.exits.push(code)
  }
}

function program() {
  const control = new Signals()
  const clock = new ManualClock()
  const errors: string[] = []
  const logger = { ...silentLogger, error: (message: string) => errors.push(message) }
  const shutdown = new Shutdown({ control, clock, logger })
  const closed: string[] = []
  return { control, clock, errors, shutdown, closed, closer: (name: string) => () => void closed.push(name) }
}

test('a signal asks for the end and closes nothing by itself', () => {
  const { control, shutdown } = program()
  expect(shutdown.signal.aborted).toBe(false)
  control.emit('SIGTERM')
  expect(shutdown.signal.aborted).toBe(true)
  expect(control.exits).toEqual([])
})

test('what was opened last is closed first', async () => {
  const { shutdown, closed, closer } = program()
  for (const name of ['directory', 'server', 'engine']) shutdown.add(name, closer(name))
  expect(await shutdown.close()).toBe(true)
  expect(closed).toEqual(['engine', 'server', 'directory'])
})

test('closes each only once', async () => {
  const { shutdown, closed, closer } = program()
  shutdown.add('engine', closer('engine'))
  await shutdown.close()
  await shutdown.close()
  expect(closed).toEqual(['engine'])
})

test('goes on with the others when one cannot be closed, and says so', async () => {
  const { shutdown, closed, closer, errors } = program()
  shutdown.add('directory', closer('directory'))
  shutdown.add('engine', () => Promise.reject(new Error('stuck')))
  expect(await shutdown.close()).toBe(false)
  expect(closed).toEqual(['directory'])
  expect(errors).toEqual(['could not close engine: stuck'])
})

test('gives up after 25 s and names what it abandons', async () => {
  const { shutdown, clock, errors, closer } = program()
  shutdown.add('directory', closer('directory'))
  shutdown.add('engine', () => new Promise<void>(() => {}))
  const closing = shutdown.close()
  clock.advance(24_999)
  expect(errors).toEqual([])
  clock.advance(1)
  expect(await closing).toBe(false)
  expect(errors).toEqual(['gave up after 25 s; abandoned: engine, directory'])
})

test('the same signal passed on by npm is one wish; a second one exits at once', () => {
  const { control, clock } = program()
  control.emit('SIGINT')
  clock.advance(20)
  control.emit('SIGINT')
  expect(control.exits).toEqual([])
  clock.advance(1000)
  control.emit('SIGINT')
  expect(control.exits).toEqual([130])
})

test('listens to signals no longer once it has closed', async () => {
  const { control, shutdown } = program()
  await shutdown.close()
  expect(control.listenerCount('SIGINT') + control.listenerCount('SIGTERM')).toBe(0)
})
