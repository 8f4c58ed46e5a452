// Opens the port: on this machine only, and with an error that says what to do when it is taken.
import type { FastifyInstance } from 'fastify'
import { StreamsError } from '../core/errors.ts'

/** Returns the address of the page. */
export async function listen(server: FastifyInstance, port: number): Promise<string> {
  try {
    return await server.listen({ host: '127.0.0.1', port })
  } catch (cause) {
    if (!(cause instanceof Error && 'code' in cause && cause.code === 'EADDRINUSE')) throw cause
    throw new StreamsError('port_in_use', `port ${port} is taken; choose another with --port, or 0 for a free one`, {
      cause,
    })
  }
}
