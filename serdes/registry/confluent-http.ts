// Requests to a registry with Confluent's HTTP interface, at one address or several: bounded in time, and every failure classed by what it asks of the engine.
// Which answers mean what is confluent.ts' business; answers are told apart by status and error code, never by their words, which differ by product.
import { Retriable, StreamsError } from '../../core/errors.ts'

export interface ConfluentHttpOptions {
  /** Where the paths begin; several with commas between are asked in turn. User and password in it become basic authentication. */
  readonly url: string
  /** `user:password`, where they are not in the address. */
  readonly basicAuth?: string
  /** Sent as a bearer token. */
  readonly token?: string
  /** Longest wait for one answer of one address. Default 5,000. */
  readonly timeoutMs?: number
}

/** One address of the registry. */
interface Server {
  /** Without user and password: it may be shown. */
  readonly base: string
  readonly headers: Readonly<Record<string, string>>
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
  private readonly servers: readonly Server[]
  private readonly timeoutMs: number
  /** The one that answered last is asked first. */
  private preferred: Server

  /** @throws StreamsError `invalid_registry` when an address is none. */
  constructor(options: ConfluentHttpOptions) {
    const [first, ...others] = options.url.split(',')
    this.preferred = serverAt(first ?? '', options)
    this.servers = [this.preferred, ...others.map((url) => serverAt(url, options))]
    this.timeoutMs = options.timeoutMs ?? 5_000
  }

  /**
   * Asks each address once, until one can answer.
   * @throws Retriable when none can be asked or answer now; StreamsError `registry_refused`, `registry_untrusted`.
   */
  async ask(method: 'GET' | 'POST' | 'PUT', path: string, body?: object): Promise<RegistryAnswer> {
    const failures: Retriable[] = []
    for (const server of [this.preferred, ...this.servers.filter((other) => other !== this.preferred)])
      try {
        const answer = await this.askServer(server, method, path, body)
        this.preferred = server
        return answer
      } catch (error) {
        if (!(error instanceof Retriable)) throw error
        failures.push(error)
      }
    throw new Retriable('registry_unavailable', failures.map(({ message }) => message).join('; '), {
      cause: failures[0],
    })
  }

  /** The line with which a person does what was not allowed or not possible for us. */
  curl(method: 'POST' | 'PUT', path: string, body: object): string {
    const quoted = JSON.stringify(body).replaceAll("'", "'\\''")
    return `curl -X ${method} -H 'Content-Type: ${CONTENT_TYPE}' '${this.preferred.base}${path}' --data '${quoted}'`
  }

  /** For an answer that no registry gives. */
  unexpected(path: string, { status, message }: RegistryAnswer): StreamsError {
    return new StreamsError(
      'registry_unexpected',
      `${this.preferred.base}${path} answers ${status} ${message}: is this the address of a schema registry, with the path its interface needs?`,
    )
  }

  private async askServer(server: Server, method: string, path: string, body?: object): Promise<RegistryAnswer> {
    const asked = `${method} ${server.base}${path}`
    const { status, text } = await this.send(server, method, path, body).catch((cause: unknown) => {
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

  private async send(
    { base, headers }: Server,
    method: string,
    path: string,
    body: object | undefined,
  ): Promise<{ status: number; text: string }> {
    const response = await fetch(base + path, {
      method,
      headers,
      signal: AbortSignal.timeout(this.timeoutMs),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    return { status: response.status, text: await response.text() }
  }
}

function serverAt(url: string, options: ConfluentHttpOptions): Server {
  const address = addressOf(url.trim())
  const authorization = authorizationOf(address, options)
  return {
    base: address.origin + address.pathname.replace(/\/+$/, ''),
    headers: {
      accept: `${CONTENT_TYPE}, application/json`,
      'content-type': CONTENT_TYPE,
      ...(authorization === undefined ? {} : { authorization }),
    },
  }
}

function addressOf(url: string): URL {
  const address = URL.canParse(url) ? new URL(url) : undefined
  if (address?.protocol === 'http:' || address?.protocol === 'https:') return address
  throw new StreamsError(
    'invalid_registry',
    `a schema registry is written http://HOST:PORT or https://…, several with commas between, not ${JSON.stringify(url)}`,
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
