// What every connection to the brokers has in common.
import type { ConnectionOptions as TlsOptions } from 'node:tls'
import type { Logger } from '../../core/logger.ts'

export interface ConnectionSettings {
  readonly clientId: string
  /** Absent means plain text; `true` trusts the system's authorities. */
  readonly ssl: TlsOptions | true | undefined
  readonly sasl: SaslSettings | undefined
  /** How long an answer may take, ms; those that wait at the broker get their wait on top. */
  readonly requestTimeoutMs: number
  readonly connectTimeoutMs: number
  readonly logger: Logger
}

export interface SaslSettings {
  readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512'
  readonly username: string
  readonly password: string
}
