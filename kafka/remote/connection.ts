// One connection to one broker: requests and answers as bytes, in order, each with a deadline. The only file that knows kafkajs's inside;
// kafkajs connects, speaks TLS and SASL and matches answers to requests. Its own requests, retries and codecs are not used here.
import { connect as connectTcp, isIP } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { ISocketFactory, SASLOptions } from 'kafkajs'
import Broker from 'kafkajs/src/broker/index.js'
import loggers from 'kafkajs/src/loggers/index.js'
import ConnectionPool, { type Connection } from 'kafkajs/src/network/connectionPool.js'
import { Retriable, StreamsError } from '../../core/errors.ts'
import type { Logger } from '../../core/logger.ts'
import type { ConnectionSettings } from './connection-settings.ts'
import { FramePool } from './frame-pool.ts'
import { FrameReader } from './frame-reader.ts'

export interface Link {
  /** False once it has failed or was closed: open another one. */
  readonly isOpen: boolean
  /**
   * Sends the body of a request and answers with the body of the answer. Requests are answered in the order sent.
   * @throws Retriable `connection_lost` or `request_timeout`: whether the request was applied is not known.
   */
  send(api: RequestKind, parts: readonly Buffer[], timeoutMs?: number): Promise<Buffer>
  /** At once: whoever still waits for an answer gets `connection_lost`. */
  close(): void
}

export interface RequestKind {
  readonly name: string
  readonly key: number
  readonly version: number
}

const keepAliveMs = 30_000
/** kafkajs's level for warnings and worse; it calls ordinary answers errors, so all of it is debug for us. */
const warnings = 2

/**
 * Large answers lie in frames of the pool; whoever has done with one gives it back.
 * @throws Retriable when the broker cannot be reached, StreamsError when it does not let us in.
 */
export async function openLink(
  address: { host: string; port: number },
  settings: ConnectionSettings,
  frames = new FramePool(),
): Promise<Link> {
  const { clientId, ssl, sasl, requestTimeoutMs, connectTimeoutMs } = settings
  const logger = kafkajsLogger(settings.logger)
  const connectionPool = new ConnectionPool({
    ...address,
    ssl,
    // SaslSettings are those of SASLOptions that need no further package. A copy, because kafkajs keeps an authenticator in it.
    sasl: sasl && ({ ...sasl } as SASLOptions),
    clientId,
    socketFactory: openSocket(new FrameReader(frames, (answer) => deliver(broker.connectionPool.pool[0], answer))),
    connectionTimeout: connectTimeoutMs,
    requestTimeout: requestTimeoutMs,
    enforceRequestTimeout: true,
    logger,
  })
  const broker = new Broker({ connectionPool, logger, authenticationTimeout: connectTimeoutMs })
  const link = new KafkajsLink(broker, settings)
  try {
    await broker.connect()
    return link
  } catch (error) {
    link.close()
    throw connectError(error, `${address.host}:${address.port}`)
  }
}

class KafkajsLink implements Link {
  private readonly broker: Broker
  private readonly connection: Connection
  private readonly clientId: Buffer
  private readonly hasSasl: boolean
  private readonly requestTimeoutMs: number
  private isClosed = false

  constructor(broker: Broker, { sasl, requestTimeoutMs }: ConnectionSettings) {
    this.broker = broker
    this.connection = broker.connectionPool.pool[0]
    this.clientId = Buffer.from(this.connection.clientId)
    this.hasSasl = sasl !== undefined
    this.requestTimeoutMs = requestTimeoutMs
    restTimer(this.connection)
  }

  get isOpen(): boolean {
    return !this.isClosed && this.connection.isConnected()
  }

  async send(api: RequestKind, parts: readonly Buffer[], timeoutMs = 0): Promise<Buffer> {
    if (!this.isOpen) throw new Retriable('connection_lost', `the connection for ${api.name} is closed`)
    try {
      // Credentials may be good for a time only.
      if (this.hasSasl && !this.connection.isAuthenticated()) await this.connection.authenticate()
      return await this.exchange(api, parts, Math.max(timeoutMs, this.requestTimeoutMs))
    } catch (cause) {
      // What comes behind an unanswered request would wait for it as well.
      this.close()
      throw requestError(cause, api.name)
    }
  }

  close(): void {
    if (this.isClosed) return
    this.isClosed = true
    const { connection } = this
    connection.rejectRequests(new Error('the connection was closed'))
    connection.socket?.destroy()
    this.broker.disconnect().catch(() => {}) // kafkajs ends the socket again and stops its timers
  }

  /** By parts, past kafkajs's three copies of each request. */
  private exchange({ name, key, version }: RequestKind, parts: readonly Buffer[], requestTimeout: number) {
    const { connection } = this
    const correlationId = connection.nextCorrelationId()
    const header = this.header(key, version, correlationId, parts)
    return new Promise<Buffer>((resolve, reject) => {
      connection.requestQueue.push({
        entry: {
          apiKey: key,
          apiName: name,
          apiVersion: version,
          correlationId,
          resolve: ({ payload }) => resolve(payload),
          reject,
        },
        expectResponse: true,
        requestTimeout,
        sendRequest: () => {
          const { socket } = connection
          socket.cork()
          socket.write(header)
          for (const part of parts) socket.write(part)
          socket.uncork()
        },
      })
    })
  }

  private header(key: number, version: number, correlationId: number, parts: readonly Buffer[]): Buffer {
    const { clientId } = this
    const header = Buffer.allocUnsafe(14 + clientId.length)
    const bodyBytes = parts.reduce((sum, { length }) => sum + length, 0)
    header.writeInt32BE(header.length - 4 + bodyBytes, 0)
    header.writeInt16BE(key, 4)
    header.writeInt16BE(version, 6)
    header.writeInt32BE(correlationId, 8)
    header.writeInt16BE(clientId.length, 12)
    clientId.copy(header, 14)
    return header
  }
}

/** kafkajs looks for waiting requests every millisecond, for ever; there are none unless the broker throttles. */
function restTimer({ requestQueue }: Connection): void {
  const schedule = requestQueue.scheduleCheckPendingRequests.bind(requestQueue)
  requestQueue.scheduleCheckPendingRequests = () => {
    if (requestQueue.pending.length > 0) schedule()
  }
}

/** While kafkajs authenticates, it wants to see what comes in as it came in. */
function deliver(connection: Connection, answer: Buffer): void {
  if (connection.authHandlers === null) {
    const correlationId = answer.readInt32BE(0)
    connection.requestQueue.fulfillRequest({ correlationId, payload: answer.subarray(4), size: answer.length })
  } else {
    const length = Buffer.alloc(4)
    length.writeInt32BE(answer.length)
    connection.processData(Buffer.concat([length, answer]))
  }
}

/** Small requests must not wait for the acknowledgement of the one before. Over TLS the bytes are kafkajs's to put together. */
const openSocket =
  (frames: FrameReader): ISocketFactory =>
  ({ host, port, ssl, onConnect }) => {
    const servername = isIP(host) === 0 ? { servername: host } : {}
    const received = (count: number) => {
      try {
        frames.came(count)
      } catch (error) {
        socket.destroy(error instanceof Error ? error : undefined)
      }
      return true
    }
    const socket = ssl
      ? connectTls({ host, port, ...servername, ...ssl }, onConnect)
      : connectTcp({ host, port, onread: { buffer: () => frames.target(), callback: received } }, onConnect)
    socket.setNoDelay(true)
    socket.setKeepAlive(true, keepAliveMs)
    return socket
  }

function kafkajsLogger(logger: Logger): unknown {
  const logCreator =
    () =>
    ({ log }: { log: { message: string } }) =>
      logger.debug(`kafkajs: ${log.message}`)
  return loggers.createLogger({ level: warnings, logCreator })
}

function requestError(cause: unknown, api: string): StreamsError {
  if (nameOf(cause) === 'KafkaJSRequestTimeoutError')
    return new Retriable('request_timeout', `no answer to ${api} in time`, { cause })
  return new Retriable('connection_lost', `the connection broke while ${api} was waiting for its answer`, { cause })
}

function connectError(cause: unknown, broker: string): StreamsError {
  const isRefusal = nameOf(cause) === 'KafkaJSSASLAuthenticationError'
  return isRefusal
    ? new StreamsError('authentication_failed', `broker ${broker} does not accept our credentials`, { cause })
    : new Retriable('broker_unreachable', `broker ${broker} cannot be reached`, { cause })
}

const nameOf = (error: unknown) => (error instanceof Error ? error.name : '')
