// Refuses calls to a closed cluster: a producer that outlives it must not write beside the next one over the same directory.
import { StreamsError } from '../../core/errors.ts'

export function requireOpen(isClosed: boolean): void {
  if (isClosed) throw new StreamsError('cluster_closed', 'this cluster is closed')
}
