// What the tests of the remote cluster open it with.
import { systemClock } from '../../../core/clock.ts'
import { silentLogger } from '../../../core/logger.ts'
import { seededRandom } from '../../../core/random.ts'
import type { RemoteOptions } from '../../../kafka/remote/remote-cluster.ts'

export function remoteOptions({ brokers }: { readonly brokers: readonly string[] }): RemoteOptions {
  return {
    brokers,
    clientId: 'millrace-test',
    clock: systemClock,
    random: seededRandom(1),
    logger: silentLogger,
    requestTimeoutMs: 10_000,
  }
}
