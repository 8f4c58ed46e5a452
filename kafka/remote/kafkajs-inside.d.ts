// The inside of kafkajs 2.2.4, which has no types of its own: exactly what connection.ts uses of it.
declare module 'kafkajs/src/broker/index.js' {
  import type { ConnectionPool } from 'kafkajs/src/network/connectionPool.js'

  export default class Broker {
    constructor(options: { connectionPool: ConnectionPool; logger: unknown; authenticationTimeout: number })
    readonly connectionPool: ConnectionPool
    /** Connects the first connection of the pool, asks for versions, authenticates. */
    connect(): Promise<void>
    disconnect(): Promise<void>
  }
}

declare module 'kafkajs/src/network/connectionPool.js' {
  import type { ISocketFactory, KafkaConfig } from 'kafkajs'

  export interface RequestQueue {
    readonly pending: readonly unknown[]
    scheduleCheckPendingRequests(): void
    fulfillRequest(answer: { correlationId: number; payload: Buffer; size: number }): void
    push(request: {
      entry: {
        apiKey: number
        apiName: string
        apiVersion: number
        correlationId: number
        resolve(answer: { payload: Buffer }): void
        reject(error: Error): void
      }
      expectResponse: boolean
      requestTimeout: number
      sendRequest(): void
    }): void
  }

  export interface Connection {
    readonly clientId: string
    readonly socket: import('node:net').Socket
    readonly requestQueue: RequestQueue
    /** While it authenticates. */
    readonly authHandlers: object | null
    processData(bytes: Buffer): void
    isConnected(): boolean
    isAuthenticated(): boolean
    authenticate(): Promise<void>
    nextCorrelationId(): number
    rejectRequests(error: Error): void
  }

  export class ConnectionPool {
    constructor(options: {
      host: string
      port: number
      ssl: KafkaConfig['ssl'] | undefined
      sasl: KafkaConfig['sasl'] | undefined
      clientId: string
      socketFactory: ISocketFactory
      connectionTimeout: number
      requestTimeout: number
      enforceRequestTimeout: boolean
      logger: unknown
    })
    readonly pool: readonly [Connection, Connection]
  }
  export default ConnectionPool
}

declare module 'kafkajs/src/loggers/index.js' {
  import type { logCreator } from 'kafkajs'

  const loggers: { createLogger(options: { level: number; logCreator: logCreator }): unknown }
  export default loggers
}
