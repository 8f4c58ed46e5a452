// Log lines on stderr, for people or as JSON, one line an event; a message that repeats is told once a while, with how often it came.
import type { Clock } from '../core/clock.ts'
import { seconds } from '../core/duration.ts'
import type { LogFields, Logger } from '../core/logger.ts'

type Level = 'debug' | 'info' | 'warn' | 'error'

const repeatAfterMs = seconds(10)
const rememberedMax = 500

export interface LineLoggerOptions {
  readonly format: 'text' | 'json'
  readonly clock: Clock
  readonly write: (line: string) => void
  /** Debug lines are left out unless asked for. */
  readonly debug?: boolean
}

export function lineLogger({ format, clock, write, debug = false }: LineLoggerOptions): Logger {
  const sampler = new RepeatSampler()
  const print = format === 'json' ? jsonLine : textLine
  const log =
    (level: Level) =>
    (message: string, fields: LogFields = {}) => {
      if (level === 'debug' && !debug) return
      const at = clock.now()
      const repeated = sampler.repeatsToTell(`${level} ${message} ${wordsOf(fields)}`, at)
      if (repeated === undefined) return
      write(`${print(at, level, message, repeated === 0 ? fields : { ...fields, repeated })}\n`)
    }
  return { debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') }
}

function jsonLine(at: number, level: Level, message: string, fields: LogFields): string {
  return JSON.stringify({ time: new Date(at).toISOString(), level, message, ...fields })
}

function textLine(at: number, level: Level, message: string, fields: LogFields): string {
  const time = new Date(at).toISOString().slice(11, 19)
  const details = Object.entries(fields).filter(([, value]) => value !== undefined)
  const mark = level === 'info' ? '' : `${level}: `
  return [`${time} ${mark}${message}`, ...details.map(([name, value]) => `${name}=${quoted(value)}`)].join('  ')
}

/** Lines that differ in numbers only are repeats. */
function wordsOf(fields: LogFields): string {
  return Object.values(fields)
    .filter((value) => typeof value === 'string')
    .join(' ')
}

function quoted(value: unknown): string {
  const text = String(value)
  return /[\s"=]/.test(text) ? JSON.stringify(text) : text
}

/** Remembers a bounded number of messages; the oldest is forgotten first. */
class RepeatSampler {
  private readonly told = new Map<string, { at: number; silent: number }>()

  /** How many equal lines were left out since the last one, or undefined when this one is left out too. */
  repeatsToTell(key: string, at: number): number | undefined {
    const before = this.told.get(key)
    if (before !== undefined && at - before.at < repeatAfterMs) {
      before.silent++
      return undefined
    }
    this.told.delete(key)
    this.told.set(key, { at, silent: 0 })
    const [oldest] = this.told.keys()
    if (this.told.size > rememberedMax && oldest !== undefined) this.told.delete(oldest)
    return before?.silent ?? 0
  }
}
