// HTTP to a Socrata portal: what a dataset holds and one page of its rows, with conditional requests, an optional token, and bounded patience for
// a portal that is busy (429), preparing (202), failing (5xx) or silent.
import type { Clock } from '../../core/clock.ts'
import { seconds } from '../../core/duration.ts'
import { Retriable, StreamsError } from '../../core/errors.ts'
import type { Random } from '../../core/random.ts'

export interface SocrataOptions {
  /** `https://data.sfgov.org` */
  readonly portal: string
  /** `vw6y-z8j6` */
  readonly dataset: string
  /** Without one the portal may answer 429 sooner. */
  readonly appToken?: string | undefined
  readonly clock: Clock
  readonly random: Random
  /** Of one request, ms; default 60,000. */
  readonly timeoutMs?: number
  /** Default 8. */
  readonly attemptsMax?: number
}

/** `undefined` values are left out. */
export type Query = Readonly<Record<string, string | undefined>>

const BACKOFF_MS = 500
const BACKOFF_MAX_MS = seconds(60)

/** An answer that says: later. */
class NotNow extends Error {
  readonly retryAfterMs: number | undefined

  constructor(message: string, retryAfterMs?: number) {
    super(message)
    this.retryAfterMs = retryAfterMs
  }
}

export class SocrataClient {
  private readonly options: SocrataOptions
  /** Of the last metadata: its tag and what it said. */
  private tag: string | undefined
  private lastUpdatedAt: number | undefined

  constructor(options: SocrataOptions) {
    this.options = options
  }

  /** When rows last changed, in seconds since the epoch, as the portal's metadata says. Costs next to nothing while nothing has landed. */
  async rowsUpdatedAt(signal: AbortSignal): Promise<number> {
    const answer = await this.get(`/api/views/${this.options.dataset}.json`, {}, signal, this.tag)
    if (answer.status === 304 && this.lastUpdatedAt !== undefined) return this.lastUpdatedAt
    const metadata = answer.body
    if (!isObject(metadata) || typeof metadata.rowsUpdatedAt !== 'number') {
      throw new StreamsError(
        'socrata_answer',
        `${this.options.portal} gives no rowsUpdatedAt for ${this.options.dataset}`,
      )
    }
    this.tag = answer.tag
    this.lastUpdatedAt = metadata.rowsUpdatedAt
    return metadata.rowsUpdatedAt
  }

  /** Rows of one page, as they came. */
  async page(query: Query, signal: AbortSignal): Promise<readonly unknown[]> {
    const { body } = await this.get(`/resource/${this.options.dataset}.json`, query, signal)
    if (!Array.isArray(body))
      throw new StreamsError('socrata_answer', `${this.options.portal} did not answer with rows`)
    return body
  }

  private async get(path: string, query: Query, signal: AbortSignal, tag?: string): Promise<Answer> {
    const { attemptsMax = 8, clock } = this.options
    const url = new URL(path, this.options.portal)
    for (const [name, value] of Object.entries(query)) if (value !== undefined) url.searchParams.set(`$${name}`, value)
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.request(url, signal, tag)
      } catch (error) {
        if (signal.aborted || !isPassing(error)) throw error
        if (attempt === attemptsMax) {
          throw new Retriable('socrata_unavailable', `${url.host} does not answer after ${attempt} attempts`, {
            cause: error,
          })
        }
        await clock.sleep(this.backoffMs(attempt, error), signal)
      }
    }
  }

  private async request(url: URL, signal: AbortSignal, tag: string | undefined): Promise<Answer> {
    const { appToken, timeoutMs = seconds(60) } = this.options
    const headers = {
      accept: 'application/json',
      ...(appToken === undefined ? {} : { 'x-app-token': appToken }),
      ...(tag === undefined ? {} : { 'if-none-match': tag }),
    }
    const response = await fetch(url, { headers, signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]) })
    const text = await response.text()
    if (response.status === 202 || response.status === 429 || response.status >= 500) {
      throw new NotNow(`${url.host} answers ${response.status}`, retryAfterMs(response, this.options.clock))
    }
    if (response.status === 304) return { status: 304, body: undefined, tag }
    if (!response.ok) {
      throw new StreamsError('socrata_refused', `${url} answers ${response.status}: ${text.slice(0, 300)}`)
    }
    return { status: response.status, body: parsed(text), tag: response.headers.get('etag') ?? undefined }
  }

  /** Doubling, with jitter, or as long as the portal asks for. */
  private backoffMs(attempt: number, error: unknown): number {
    const own = BACKOFF_MS * 2 ** (attempt - 1) * (0.5 + this.options.random())
    const asked = error instanceof NotNow ? (error.retryAfterMs ?? 0) : 0
    return Math.min(BACKOFF_MAX_MS, Math.max(own, asked))
  }
}

interface Answer {
  readonly status: number
  readonly body: unknown
  readonly tag: string | undefined
}

/** A body cut off on its way is as good as none: ask again. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new NotNow('an answer that is no JSON')
  }
}

/** Busy, failing, timed out, or not reached at all (fetch throws a TypeError). */
function isPassing(error: unknown): boolean {
  if (error instanceof NotNow || error instanceof TypeError) return true
  return error instanceof Error && error.name === 'TimeoutError'
}

function retryAfterMs(response: Response, clock: Clock): number | undefined {
  const text = response.headers.get('retry-after')
  if (text === null) return undefined
  const ms = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - clock.now()
  return Number.isNaN(ms) ? undefined : Math.max(0, ms)
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}
