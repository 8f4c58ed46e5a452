import { createRequire } from 'node:module'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import Broker from 'kafkajs/src/broker/index.js'
import loggers from 'kafkajs/src/loggers/index.js'
import ConnectionPool from 'kafkajs/src/network/connectionPool.js'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { silentLogger } from '../../../core/logger.ts'
import { type Link, openLink } from '../../../kafka/remote/connection.ts'

const settings = {
  clientId: 'test',
  ssl: undefined,
  sasl: undefined,
  requestTimeoutMs: 300,
  connectTimeoutMs: 1_000,
  logger: silentLogger,
}
const api = { name: 'Echo', key: 99, version: 7 }
const apiVersionsKey = 18

describe('a connection', () => {
  let broker: ScriptedBroker
  let link: Link
  beforeEach(async () => {
    broker = await ScriptedBroker.open()
    link = await openLink(broker.address, settings)
  })
  afterEach(async () => {
    link.close()
    await broker.close()
  })

  test('sends the parts of a request as one, and answers each request with its own answer', async () => {
    const answers = await Promise.all([
      link.send(api, [Buffer.from('a'), Buffer.from('bc')]),
      link.send(api, [Buffer.from('second')]),
    ])
    expect(answers.map(String)).toEqual(['99/7/test/abc', '99/7/test/second'])
  })

  test('is closed when an answer does not come in time: whatever follows would wait as well', async () => {
    const silent = link.send(api, [Buffer.from('silence')])
    const behind = link.send(api, [Buffer.from('silence')])
    await expect(silent).rejects.toMatchObject({ name: 'Retriable', code: 'request_timeout' })
    await expect(behind).rejects.toMatchObject({ name: 'Retriable' })
    expect(link.isOpen).toBe(false)
    await expect(link.send(api, [])).rejects.toMatchObject({ code: 'connection_lost' })
  })

  test('tells those who wait when the broker goes away', async () => {
    const waiting = link.send(api, [Buffer.from('silence')])
    await broker.heard('silence')
    broker.hangUp()
    await expect(waiting).rejects.toMatchObject({ name: 'Retriable', code: 'connection_lost' })
    expect(link.isOpen).toBe(false)
  })

  test('closes at once, whatever is in flight', async () => {
    const waiting = link.send(api, [Buffer.from('silence')], 60_000)
    link.close()
    await expect(waiting).rejects.toMatchObject({ code: 'connection_lost' })
  })
})

test('a broker that is not there is unreachable', async () => {
  const broker = await ScriptedBroker.open()
  await broker.close()
  await expect(openLink(broker.address, settings)).rejects.toMatchObject({
    name: 'Retriable',
    code: 'broker_unreachable',
  })
})

describe('the inside of kafkajs', () => {
  test('is that of the version which was read', () => {
    expect(createRequire(import.meta.url)('kafkajs/package.json')).toMatchObject({ version: '2.2.4' })
  })

  test('has everything that is used of it', () => {
    const logger = loggers.createLogger({ level: 0, logCreator: () => () => {} })
    const connectionPool = new ConnectionPool({
      host: '127.0.0.1',
      port: 1,
      ssl: undefined,
      sasl: undefined,
      clientId: 'test',
      socketFactory: () => {
        throw new Error('nothing connects here')
      },
      connectionTimeout: 1,
      requestTimeout: 1,
      enforceRequestTimeout: true,
      logger,
    })
    const broker = new Broker({ connectionPool, logger, authenticationTimeout: 1 })
    const [connection] = broker.connectionPool.pool
    const functions = [
      broker.connect,
      broker.disconnect,
      connection.isConnected,
      connection.isAuthenticated,
      connection.authenticate,
      connection.nextCorrelationId,
      connection.rejectRequests,
      connection.requestQueue.push,
      connection.requestQueue.scheduleCheckPendingRequests,
      connection.requestQueue.fulfillRequest,
      connection.processData,
    ]
    expect(functions.map((one) => typeof one)).toEqual(functions.map(() => 'function'))
    expect(connection.clientId).toBe('test')
    expect(connection.requestQueue.pending).toEqual([])
    expect(connection.authHandlers).toBe(null)
  })
})

/** Speaks frames: answers ApiVersions with an empty list, `silence` not at all, everything else with what it was asked. */
class ScriptedBroker {
  address = { host: '127.0.0.1', port: 0 }
  private readonly server: Server
  private readonly sockets = new Set<Socket>()
  private readonly waiting = new Map<string, () => void>()
  private readonly bodies: string[] = []

  private constructor() {
    this.server = createServer((socket) => {
      this.sockets.add(socket)
      let received = Buffer.alloc(0)
      socket.on('data', (data) => {
        received = Buffer.concat([received, data])
        for (let end = frameEnd(received); end <= received.length; end = frameEnd(received)) {
          this.answer(socket, received.subarray(4, end))
          received = received.subarray(end)
        }
      })
      socket.on('error', () => {})
    })
  }

  static async open(): Promise<ScriptedBroker> {
    const broker = new ScriptedBroker()
    await new Promise<void>((resolve) => broker.server.listen(0, '127.0.0.1', resolve))
    broker.address = { host: '127.0.0.1', port: (broker.server.address() as AddressInfo).port }
    return broker
  }

  async heard(body: string): Promise<void> {
    if (!this.bodies.includes(body)) await new Promise<void>((resolve) => this.waiting.set(body, resolve))
  }

  hangUp(): void {
    for (const socket of this.sockets) socket.destroy()
  }

  async close(): Promise<void> {
    this.hangUp()
    await new Promise((resolve) => this.server.close(resolve))
  }

  private answer(socket: Socket, request: Buffer): void {
    const key = request.readInt16BE(0)
    const clientIdEnd = 10 + request.readInt16BE(8)
    const body = request.toString('utf8', clientIdEnd)
    this.bodies.push(body)
    this.waiting.get(body)?.()
    if (body === 'silence') return
    const clientId = request.toString('utf8', 10, clientIdEnd)
    const answer =
      key === apiVersionsKey ? Buffer.alloc(10) : Buffer.from(`${key}/${request.readInt16BE(2)}/${clientId}/${body}`)
    const front = Buffer.alloc(8)
    front.writeInt32BE(answer.length + 4, 0)
    request.copy(front, 4, 4, 8)
    socket.write(Buffer.concat([front, answer]))
  }
}

/** Beyond what was received as long as the frame is not whole. */
function frameEnd(received: Buffer): number {
  return received.length < 4 ? Number.POSITIVE_INFINITY : 4 + received.readInt32BE(0)
}
