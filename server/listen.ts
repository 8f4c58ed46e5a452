// Opens the port: on this machine only unless told otherwise in so many words, and with an error that says what to do when it is taken.
import { isIPv4 } from 'node:net'
import type { FastifyInstance } from 'fastify'
import { StreamsError } from '../core/errors.ts'

export interface ListenAddress {
  /** Name or address of this machine; requests may name it, beside 127.0.0.1. Default: 127.0.0.1. */
  readonly host?: string
  /** The server asks nobody who they are, so an address that other machines reach must be meant. Default: false. */
  readonly allowRemote?: boolean
}

/** Returns the address of the page. */
export async function listen(
  server: FastifyInstance,
  port: number,
  { host = '127.0.0.1', allowRemote = false }: ListenAddress = {},
): Promise<string> {
  if (!allowRemote && !isLoopback(host)) throw remoteNotAllowed(host)
  try {
    return await server.listen({ host, port })
  } catch (cause) {
    if (!(cause instanceof Error && 'code' in cause && cause.code === 'EADDRINUSE')) throw cause
    throw new StreamsError('port_in_use', `port ${port} is taken; choose another with --port, or 0 for a free one`, {
      cause,
    })
  }
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'))
}

function remoteNotAllowed(host: string): StreamsError {
  return new StreamsError(
    'remote_not_allowed',
    `--host ${host} can be reached from other machines, and nobody is asked for a password: add --allow-remote if that is meant`,
  )
}
