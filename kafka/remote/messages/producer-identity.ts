// How a transactional producer names itself in the requests to its coordinator.
import type { WireWriter } from './wire-writer.ts'

export interface ProducerIdentity {
  readonly transactionalId: string
  readonly producerId: number
  readonly producerEpoch: number
}

export function writeProducer(out: WireWriter, { transactionalId, producerId, producerEpoch }: ProducerIdentity): void {
  out.text(transactionalId)
  out.int64(producerId)
  out.int16(producerEpoch)
}
