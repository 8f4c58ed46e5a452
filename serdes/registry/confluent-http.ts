// Requests to a registry with Confluent's HTTP interface: bounded in time, and every failure classed by what it asks of the engine.
// Which answers mean what is confluent.ts' business; answers are told apart by status and error code, never by their words, which differ by product.
import { Retriable, StreamsError } from '../../core/errors.ts'

export interface ConfluentHttpOptions {
  /** Where the paths begin; user and password in it become basic authentication. */
  readonly url: string
  /** `user:password`, where they are not in the address. */
  readonly basicAuth?: string
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

/** What Node says of a server that it cannot believe to be who it says; waiting does not mend it. */
const distrust = /^(ERR_TLS_|CERT_|SELF_SIGNED_CERT|DEPTH_ZERO_SELF_SIGNED|UNABLE_TO_(GET_ISSUER|VERIFY))/

export class ConfluentHttp {
  /** Without user and password: it may be shown. */
  private readonly base: string
  private readonly headers: Readonly<Record<string, string>>
  private readonly timeoutMs: number

  /** @throws StreamsError `invalid_registry` when the address is none. */
  constructor(options: ConfluentHttpOptions) {
    const address = addressOf(options.url)
    const authorization = authorizationOf(address, options)
    this.base = address.origin + address.pathname.replace(/\/+$/, '')
    this.timeoutMs = options.timeoutMs ?? 5_000
    this.headers = {
      accept: `${CONTENT_TYPE}, application/json`,
      'content-type': CONTENT_TYPE,
      ...(authorization === undefined ? {} : { authorization }),
    }
  }

  /** @throws Retriable when the registry cannot be asked or cannot answer now; StreamsError `registry_refused`, `registry_untrusted`. */
  async ask(method: 'GET' | 'POST' | 'PUT', path: string, body?: object): Promise<RegistryAnswer> {
    const asked = `${method} ${this.base}${path}`
    const { status, text } = await this.send(method, path, body).catch((cause: unknown) => {
      throw unanswered(asked, cause)
    })
    if (status === 401 || status === 403)
      throw new StreamsError(
        'registry_refused',
        `${asked} is refused (${status}): check the user and password (SCHEMA_REGISTRY_BASIC_AUTH_USER_INFO, or in the address) and what they may do`,
      )
    if (status >= 500 || status === 408 || status === 429)
      throw new Retriable('registry_unavailable', `${asked} failed with ${status}: ${text.slice(0, 500)}`)
    return { status, ...parsed(text) }
  }

  /** The line with which a person does what was not allowed or not possible for us. */
  curl(method: 'POST' | 'PUT', path: string, body: object): string {
    const quoted = JSON.stringify(body).replaceAll("'", "'\\''")
    return `curl -X ${method} -H 'Content-Type: ${CONTENT_TYPE}' '${this.base}${path}' --data '${quoted}'`
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

function addressOf(url: string): URL {
  const address = URL.canParse(url) ? new URL(url) : undefined
  if (address?.protocol === 'http:' || address?.protocol === 'https:') return address
  throw new StreamsError(
    'invalid_registry',
    `a schema registry is written http://HOST:PORT or https://…, one of them, not ${JSON.stringify(url)}`,
  )
}

function authorizationOf({ username, password }: URL, { basicAuth, token }: ConfluentHttpOptions): string | undefined {
  if (token !== undefined) return `Bearer ${token}`
  const inAddress = username === '' ? undefined : `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
  const user = inAddress ?? basicAuth
  return user === undefined ? undefined : `Basic ${Buffer.from(user).toString('base64')}`
}

function unanswered(asked: string, error: unknown): StreamsError {
  const { reason, code } = reasonOf(error)
  if (distrust.test(code))
    return new StreamsError(
      'registry_untrusted',
      `${asked}: its certificate is not trusted (${reason}): name the file of its authority in NODE_EXTRA_CA_CERTS`,
      { cause: error },
    )
  return new Retriable('registry_unavailable', `${asked} was not answered: ${reason}`, { cause: error })
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

/** fetch says only that it failed; why is in its cause, which has only a code where several addresses were tried. */
function reasonOf(error: unknown): { readonly reason: string; readonly code: string } {
  if (!(error instanceof Error)) return { reason: String(error), code: '' }
  const { cause } = error
  if (!(cause instanceof Error)) return { reason: error.message, code: '' }
  const code = 'code' in cause && typeof cause.code === 'string' ? cause.code : ''
  return { reason: `${error.message}: ${cause.message || code}`, code }
}
