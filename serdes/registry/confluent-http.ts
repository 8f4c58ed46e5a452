// Requests to a registry with Confluent's HTTP interface: bounded in time, and every failure classed by what it asks of the engine.
// Which answers mean what is confluent.ts' business; answers are told apart by status and error code, never by their words, which differ by product.
import { Retriable, StreamsError } from '../../core/errors.ts'

export interface ConfluentHttpOptions {
  /** Where the paths begin; user and password in it become basic authentication. */
  readonly url: string
  /** Sent as a bearer token. */
  readonly token?: string
  /** Longest wait for one answer. Default 5,000. */
  readonly timeoutMs?: number
}

export interface RegistryAnswer {
  readonly status: number
  /** Confluent's own, finer than the status; undefined when there is none: then somebody else may have answered. */
  readonly errorCode: number | undefined
  readonly message: string
  readonly body: Readonly<Record<string, unknown>>
}

const CONTENT_TYPE = 'application/vnd.schemaregistry.v1+json'

export class ConfluentHttp {
  private readonly base: string
  private readonly headers: Readonly<Record<string, string>>
  private readonly timeoutMs: number

  constructor({ url, token, timeoutMs = 5_000 }: ConfluentHttpOptions) {
    const { username, password, origin, pathname } = new URL(url)
    this.base = origin + pathname.replace(/\/+$/, '')
    this.timeoutMs = timeoutMs
    const basic = Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString('base64')
    const authorization = token !== undefined ? `Bearer ${token}` : username !== '' ? `Basic ${basic}` : undefined
    this.headers = {
      accept: `${CONTENT_TYPE}, application/json`,
      'content-type': CONTENT_TYPE,
      ...(authorization === undefined ? {} : { authorization }),
    }
  }

  /** @throws Retriable when the registry cannot be asked or cannot answer now; StreamsError `registry_refused`. */
  async ask(method: 'GET' | 'POST' | 'PUT', path: string, body?: object): Promise<RegistryAnswer> {
    const asked = `${method} ${this.base}${path}`
    const { status, text } = await this.send(method, path, body).catch((cause: unknown) => {
      throw new Retriable('registry_unavailable', `${asked} was not answered: ${reasonOf(cause)}`, { cause })
    })
    if (status === 401 || status === 403)
      throw new StreamsError(
        'registry_refused',
        `${asked} is refused (${status}): check the registry's user and rights`,
      )
    if (status >= 500 || status === 408 || status === 429)
      throw new Retriable('registry_unavailable', `${asked} failed with ${status}: ${text.slice(0, 500)}`)
    return { status, ...parsed(text) }
  }

  /** For an answer that no registry gives. */
  unexpected(path: string, { status, message }: RegistryAnswer): StreamsError {
    return new StreamsError(
      'registry_unexpected',
      `${this.base}${path} answers ${status} ${message}: is this the address of a schema registry, with the path its interface needs?`,
    )
  }

  private async send(
    method: string,
    path: string,
    body: object | undefined,
  ): Promise<{ status: number; text: string }> {
    const response = await fetch(this.base + path, {
      method,
      headers: this.headers,
      signal: AbortSignal.timeout(this.timeoutMs),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    return { status: response.status, text: await response.text() }
  }
}

function parsed(text: string): Omit<RegistryAnswer, 'status'> {
  const body = jsonObject(text)
  const { error_code: errorCode, message } = body
  return {
    errorCode: typeof errorCode === 'number' ? errorCode : undefined,
    message: typeof message === 'string' ? message : text.slice(0, 500),
    body,
  }
}

function jsonObject(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? { ...value } : {}
  } catch {
    return {}
  }
}

/** fetch says only that it failed; why is in its cause. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message
}
